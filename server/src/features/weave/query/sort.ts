import { type RawBuilder, sql } from 'kysely'
import type { JsonSql } from '../../../db/json-sql.ts'
import { invalidRequest } from '../weave-error.ts'
import { type Field, type FieldResolver, resolveField } from './field.ts'
import type { SortBy } from './query.ts'

/**
 * What to order by, for each field that a client sorts by. What is missing comes last in both directions; values of JSON
 * are sorted as numbers first, then as text (weave.md §1.8).
 *
 * @throws {WeaveError} `Unknown field: …`.
 */
export function compileSort(
  sortBy: readonly SortBy[],
  { resolve, json }: { resolve: FieldResolver; json: JsonSql },
): RawBuilder<unknown>[] {
  return sortBy.flatMap(({ field, direction }) => {
    const order = sql.raw(direction)
    return sortKeys(resolveField(resolve, field), json).map(({ key, isNullable }) =>
      isNullable ? sql`(${key} is null), ${key} ${order}` : sql`${key} ${order}`,
    )
  })
}

/** @throws {WeaveError} `Limit must be non-negative` or `Offset must be non-negative`. */
export function checkPage({ limit, offset }: { limit?: number | null; offset?: number | null }): void {
  if (typeof limit === 'number' && limit < 0) throw invalidRequest('Limit must be non-negative')
  if (typeof offset === 'number' && offset < 0) throw invalidRequest('Offset must be non-negative')
}

function sortKeys(field: Field, json: JsonSql): { key: RawBuilder<unknown>; isNullable: boolean }[] {
  switch (field.kind) {
    case 'json': {
      const text = json.textAt(field.document, field.path)
      return [
        { key: sql`${json.toNumber(text)}`, isNullable: true },
        { key: sql`${json.byCodePoint(text)}`, isNullable: true },
      ]
    }
    case 'list':
      return [{ key: sql`${field.document}`, isNullable: false }]
    case 'text':
      return [{ key: sql`${json.byCodePoint(field.column)}`, isNullable: field.isNullable }]
    default:
      return [{ key: sql`${field.column}`, isNullable: field.isNullable }]
  }
}
