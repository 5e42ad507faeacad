import { type Kysely, sql } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { type Field, splitFieldName, toJsonPath } from '../weave/query/field.ts'
import { restoreText, storeText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import { rowPrinter } from './reply-rows.ts'

/** What calls tell of their feedback (weave.md §1.8). */
const FIELDS = [
  'id',
  'feedback_type',
  'weave_ref',
  'payload',
  'creator',
  'created_at',
  'wb_user_id',
  'runnable_ref',
  'call_ref',
  'trigger_ref',
  'annotation_ref',
  'scorer_tags',
  'scorer_tag_reasons',
  'scorer_tag_confidences',
  'scorer_ratings',
  'scorer_rating_reasons',
  'scorer_rating_confidences',
]

/** Feedback as calls need it: told with them, and to find and sort them by. */
export class CallFeedback {
  readonly #db: Kysely<Tables>

  constructor(database: Pick<Database, 'db'>) {
    this.#db = database.db
  }

  /** What was said about calls, by call id, oldest first; calls without any are missing. */
  async ofCalls(access: ProjectAccess, callIds: readonly string[]): Promise<ReadonlyMap<string, unknown[]>> {
    const prefix = refPrefix(access)
    const print = rowPrinter(FIELDS, `${access.entity}/${access.project}`)
    const byCall = new Map<string, unknown[]>()
    if (callIds.length === 0) return byCall
    const rows = await this.#db
      .selectFrom('feedback')
      .selectAll()
      .where('project_id', '=', access.projectId)
      .where(
        'weave_ref',
        'in',
        callIds.map((id) => storeText(prefix + id)),
      )
      .$if(access.reads === 'own', (query) => query.where('wb_user_id', '=', access.person.handle))
      .orderBy('created_at')
      .orderBy('row_id')
      .execute()
    for (const row of rows) {
      const callId = restoreText(row.weave_ref).slice(prefix.length)
      const told = byCall.get(callId)
      if (told) told.push(print(row))
      else byCall.set(callId, [print(row)])
    }
    return byCall
  }

  /**
   * A field of the feedback on a call: `feedback.[type].payload.path`, `.runnable_ref` or `.trigger_ref`; the type `*` is
   * any. A condition holds when it does for one of them; calls are sorted by the latest.
   *
   * @throws {WeaveError} `Invalid feedback path: …`.
   */
  relatedField(access: ProjectAccess, name: string, use: 'condition' | 'order'): Field | undefined {
    if (!name.startsWith('feedback.')) return undefined
    const [, type, rest] = /^feedback\.\[([^\]]+)\]\.(.+)$/s.exec(name) ?? []
    const [column, ...path] = splitFieldName(rest ?? '')
    const isPayload = column === 'payload'
    if (
      type === undefined ||
      !(isPayload || ((column === 'runnable_ref' || column === 'trigger_ref') && path.length === 0))
    )
      throw new WeaveError(422, 'InvalidFieldError', `Invalid feedback path: ${name}`)
    const found = sql`feedback where feedback.project_id = ${access.projectId}
      and feedback.weave_ref = cast(${refPrefix(access)} as text) || calls.call_id
      ${type === '*' ? sql`` : sql` and feedback.feedback_type = ${storeText(type)}`}
      ${access.reads === 'own' ? sql` and feedback.wb_user_id = ${access.person.handle}` : sql``}`
    const reference = sql.ref(`feedback.${column}`)
    const value =
      use === 'condition'
        ? reference
        : sql`(select ${reference} from ${found} order by feedback.created_at desc limit 1)`
    return {
      ...(isPayload
        ? { kind: 'json', document: value, path: toJsonPath(path) }
        : { kind: 'text', column: value, isNullable: true }),
      ...(use === 'condition' && {
        within: (condition) => sql`exists (select 1 from ${found} and ${condition})`,
      }),
    }
  }
}

function refPrefix({ entity, project }: ProjectAccess): string {
  return `weave:///${entity}/${project}/call/`
}
