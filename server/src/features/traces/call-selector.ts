import { type JsonSql, jsonSql } from '../../db/json-sql.ts'
import { type SecondsOf, secondsOf } from '../../db/sql-dialect.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { compileQuery } from '../weave/query/compile.ts'
import type { Field, FieldResolver } from '../weave/query/field.ts'
import { checkPage, compileSort } from '../weave/query/sort.ts'
import { callFields } from './call-fields.ts'
import { filterConditions } from './call-filter.ts'
import { type CallSelection, sortedByTime } from './call-reader.ts'
import type { CallsQueryBody } from './query-schema.ts'

/** What calls can also be found and sorted by, kept by another feature; undefined when the name is none of its fields. */
export type RelatedField = (access: ProjectAccess, name: string, use: 'condition' | 'order') => Field | undefined

type Wanted = Partial<Pick<CallsQueryBody, 'filter' | 'query' | 'sort_by' | 'limit' | 'offset'>>

/** Makes what the reader reads of what a client asks for. */
export class CallSelector {
  readonly #json: JsonSql
  readonly #secondsOf: SecondsOf
  readonly #relatedField: RelatedField

  constructor(kind: 'sqlite' | 'postgres', relatedField: RelatedField) {
    this.#json = jsonSql(kind)
    this.#secondsOf = secondsOf(kind)
    this.#relatedField = relatedField
  }

  /** @throws {WeaveError} for lists that are too long, unknown fields and negative pages. */
  select(access: ProjectAccess, wanted: Wanted): CallSelection {
    checkPage({ limit: wanted.limit ?? null, offset: wanted.offset ?? null })
    const conditions = filterConditions(wanted.filter)
    if (wanted.query) conditions.push(this.#compile(access, wanted.query))
    return {
      ...visibleTo(access),
      conditions,
      order: this.#order(access, wanted.sort_by ?? [], isNarrow(wanted.filter)),
      limit: wanted.limit ?? undefined,
      offset: wanted.offset ?? 0,
    }
  }

  #compile(access: ProjectAccess, query: NonNullable<Wanted['query']>) {
    return compileQuery(query.$expr, { resolve: this.#fields(access, 'condition'), json: this.#json })
  }

  #order(access: ProjectAccess, sortBy: NonNullable<Wanted['sort_by']>, isFew: boolean): CallSelection['order'] {
    const [first] = sortBy
    if (first && first.field !== 'started_at')
      return compileSort(sortBy, { resolve: this.#fields(access, 'order'), json: this.#json })
    const direction = first?.direction ?? 'asc'
    if (isFew) return [sortedByTime(direction)]
    return direction === 'asc' ? 'oldest first' : 'newest first'
  }

  #fields(access: ProjectAccess, use: 'condition' | 'order'): FieldResolver {
    return callFields({
      json: this.#json,
      secondsOf: this.#secondsOf,
      project: `${access.entity}/${access.project}`,
      others: (name) => this.#relatedField(access, name, use),
    })
  }
}

/** Whether a filter names something that an index finds and that leaves few calls. */
function isNarrow(filter: Wanted['filter']): boolean {
  return [filter?.call_ids, filter?.trace_ids, filter?.parent_ids, filter?.thread_ids].some((list) => list?.length)
}

/** The calls of a project that somebody may read. */
export function visibleTo(access: ProjectAccess): Pick<CallSelection, 'projectId' | 'onlyOf'> {
  return { projectId: access.projectId, onlyOf: access.reads === 'own' ? access.person.handle : undefined }
}
