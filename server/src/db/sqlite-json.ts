import { sql } from 'kysely'
import type { JsonPath, JsonSql } from './json-sql.ts'

/** See {@link JsonSql}. SQLite remembers the documents that it parsed last, so naming one twice costs little. */
export const sqliteJson: JsonSql = {
  textAt: (document, path) => sql`case json_type(${document}, ${pathText(path)})
    when 'text' then json_extract(${document}, ${pathText(path)})
    when 'null' then null
    else ${document} -> ${pathText(path)} end`,
  existsAt: (document, path) => sql`(json_type(${document}, ${pathText(path)}) is not null)`,
  sizeAt: (document, path) => sql`case json_type(${document}, ${pathText(path)})
    when 'array' then json_array_length(${document}, ${pathText(path)})
    when 'object' then (select count(*) from json_each(${document}, ${pathText(path)}))
    when 'text' then length(json_extract(${document}, ${pathText(path)})) end`,
  listHolds: (document, text, isCaseInsensitive) =>
    isCaseInsensitive
      ? sql`exists (select 1 from json_each(${document}) as item where lower(item.value) = lower(${text}))`
      : sql`exists (select 1 from json_each(${document}) as item where item.value = ${text})`,
  toNumber: (text) => sql`(select case when json_valid(v.t) then
      case when json_type(v.t) in ('integer', 'real') and length(v.t) <= 1000 and abs(cast(v.t as real)) < 1e300
        and v.t not glob ${BLANKS} then cast(v.t as numeric) end
    end from (select ${text} as t) as v)`,
  toInteger: (number) => sql`(select case when abs(v.n) < 9223372036854775807.0 and cast(v.n as integer) = v.n
    then cast(v.n as integer) end from (select ${number} as n) as v)`,
  numberLiteral: (value) => {
    const isLarge = typeof value === 'bigint' && BigInt.asIntN(64, value) !== value
    return sql`${isLarge ? Number(value) : value}`
  },
  contains: (text, part, isCaseInsensitive) =>
    isCaseInsensitive ? sql`(instr(lower(${text}), lower(${part})) > 0)` : sql`(instr(${text}, ${part}) > 0)`,
  byCodePoint: (text) => sql`${text}`,
}

/** Blanks around a number are fine in JSON, but not in a text that is one. */
const BLANKS = '*[ \t\n\r]*'

function pathText(path: JsonPath): string {
  return `$${path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${JSON.stringify(part)}`)).join('')}`
}
