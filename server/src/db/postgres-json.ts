import { type Expression, sql } from 'kysely'
import type { JsonPath, JsonSql } from './json-sql.ts'

/** See {@link JsonSql}. `json` keeps values as they are written, `jsonb` would print them in its own way. */
export const postgresJson: JsonSql = {
  textAt: (document, path) => sql`(${at(document, path)} #>> '{}')`,
  existsAt: (document, path) => sql`(${at(document, path)} is not null)`,
  sizeAt: (document, path) => sql`(select case json_typeof(v.j)
      when 'array' then json_array_length(v.j)
      when 'object' then (select count(*) from json_object_keys(v.j))
      when 'string' then char_length(v.j #>> '{}') end
    from (select ${at(document, path)} as j) as v)`,
  listHolds: (document, text, isCaseInsensitive) =>
    isCaseInsensitive
      ? sql`exists (select 1 from json_array_elements_text((${document})::json) as item(value)
          where lower(item.value collate "C") = lower(cast(${text} as text) collate "C"))`
      : sql`exists (select 1 from json_array_elements_text((${document})::json) as item(value)
          where item.value = ${text})`,
  toNumber: (text) => sql`(select case when length(v.t) <= 1000 and v.t ~ ${NUMBER} then
      (select case
          when abs(w.n) >= 1e300 then null
          when v.t !~ '[.eE]' and abs(w.n) < 9223372036854775808 then w.n
          when abs(w.n) < 1e-300 then 0
          else (v.t::float8)::text::numeric end
        from (select v.t::numeric as n) as w)
    end from (select ${text} as t) as v)`,
  toInteger: (number) => sql`(select case when abs(v.n) < 9223372036854775807 and trunc(v.n) = v.n
    then v.n end from (select (${number})::numeric as n) as v)`,
  numberLiteral: (value) => sql`cast(${printed(value)} as numeric)`,
  contains: (text, part, isCaseInsensitive) =>
    isCaseInsensitive
      ? sql`(strpos(lower(cast(${text} as text) collate "C"), lower(cast(${part} as text) collate "C")) > 0)`
      : sql`(strpos(${text}, ${part}) > 0)`,
  byCodePoint: (text) => sql`(${text} collate "C")`,
}

/** The numbers of JSON, with exponents that `numeric` can hold. */
const NUMBER = '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$'

function at(document: Expression<unknown>, path: JsonPath): Expression<unknown> {
  return path.reduce<Expression<unknown>>(
    (value, part) =>
      typeof part === 'number' ? sql`(${value} -> cast(${part} as integer))` : sql`(${value} -> cast(${part} as text))`,
    sql`(${document})::json`,
  )
}

/** Integers beyond 64 bits are compared as the floats they are on SQLite. */
function printed(value: number | bigint): string {
  return String(typeof value === 'bigint' && BigInt.asIntN(64, value) !== value ? Number(value) : value)
}
