import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { InvalidRequestError } from '../../errors.ts'

/** A session as long lists show it: nothing that grows with its transcript. */
export type ListedSession = {
  sessionId: number
  personId: number
  /** Of the person whose session it is. */
  handle: string
  personName: string
  classId: number
  projectId: number | null
  title: string
  /** Begin of the latest prompt. */
  preview: string
  /** Begin of the latest answer; empty while there is none. */
  answerPreview: string
  modelNames: string[]
  primaryModel: string | null
  turnCount: number
  createdAt: string
  updatedAt: string
  lastTurnAt: string
}

type SessionsOf = { personId: number; projectId: number } | { classId: number }

const ANSWER_PREVIEW_CHARACTERS = 80

/** Lists the sessions of a project or a class, newest first, in pages that cost the same however many there are. */
export class SessionList {
  readonly #db: Kysely<Tables>

  constructor(deps: { db: Kysely<Tables> }) {
    this.#db = deps.db
  }

  /**
   * One page of sessions. Who may see them has been decided by the caller.
   *
   * @param query `cursor` is the `nextCursor` of the page before; `search` is part of a title, of the latest prompt
   * or of the person's handle or name.
   * @throws {InvalidRequestError} `invalid_cursor`.
   */
  async list(
    of: SessionsOf,
    query: {
      limit: number
      offset?: number | undefined
      cursor?: string | undefined
      search?: string | undefined
      handle?: string | undefined
    },
  ): Promise<{ sessions: ListedSession[]; nextCursor: string | null }> {
    let matching = this.#db
      .selectFrom('practice_sessions as session')
      .innerJoin('people', 'people.person_id', 'session.person_id')
    matching =
      'projectId' in of
        ? matching.where('session.person_id', '=', of.personId).where('session.project_id', '=', of.projectId)
        : matching.where('session.class_id', '=', of.classId)
    if (query.handle !== undefined) matching = matching.where('people.handle', '=', query.handle)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['session.title', 'session.preview', 'people.handle', 'people.name'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    if (query.cursor !== undefined) {
      const { createdAt, sessionId } = readCursor(query.cursor)
      matching = matching.where((where) =>
        where(where.refTuple('session.created_at', 'session.session_id'), '<', where.tuple(createdAt, sessionId)),
      )
    }
    const rows = await matching
      .select((select) => [
        'session.session_id',
        'session.person_id',
        'people.handle',
        'people.name as person_name',
        'session.class_id',
        'session.project_id',
        'session.title',
        'session.preview',
        'session.turn_count',
        'session.created_at',
        'session.updated_at',
        'session.last_turn_at',
        select
          .selectFrom('practice_responses as response')
          .select(sql<string>`substr(response_text, 1, ${sql.lit(ANSWER_PREVIEW_CHARACTERS)})`.as('text'))
          .whereRef('response.session_id', '=', 'session.session_id')
          .where('response.response_text', '<>', sql.lit(''))
          .orderBy('response.response_id', 'desc')
          .limit(sql.lit(1))
          .as('answer_preview'),
      ])
      .orderBy('session.created_at', 'desc')
      .orderBy('session.session_id', 'desc')
      // One more than asked tells whether there is another page.
      .limit(query.limit + 1)
      .offset(query.offset ?? 0)
      .execute()
    const page = rows.slice(0, query.limit)
    const lanes = await this.#lanesOf(page.map((row) => row.session_id))
    const last = page.at(-1)
    return {
      sessions: page.map((row) => {
        const ofSession = lanes.filter((lane) => lane.session_id === row.session_id)
        return {
          sessionId: row.session_id,
          personId: row.person_id,
          handle: row.handle,
          personName: row.person_name,
          classId: row.class_id,
          projectId: row.project_id,
          title: row.title,
          preview: row.preview,
          answerPreview: row.answer_preview ?? '',
          modelNames: [...new Set(ofSession.map((lane) => lane.model_name))],
          primaryModel: ofSession.find((lane) => lane.is_primary === 1)?.model_name ?? null,
          turnCount: row.turn_count,
          createdAt: row.created_at,
          updatedAt: row.updated_at,
          lastTurnAt: row.last_turn_at,
        }
      }),
      nextCursor: last && rows.length > query.limit ? cursorAfter(last) : null,
    }
  }

  async #lanesOf(sessionIds: number[]) {
    if (sessionIds.length === 0) return []
    return this.#db
      .selectFrom('practice_lanes')
      .select(['session_id', 'model_name', 'is_primary'])
      .where('session_id', 'in', sessionIds)
      .orderBy('lane_id')
      .execute()
  }
}

/** Where the next page begins, as text that clients hand back without looking into it. */
function cursorAfter(row: { created_at: string; session_id: number }): string {
  return Buffer.from(`${row.created_at} ${row.session_id}`).toString('base64url')
}

function readCursor(cursor: string): { createdAt: string; sessionId: number } {
  const [, createdAt, id] =
    /^(\d{4}-[0-9T:.-]{1,30}Z) (\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const sessionId = Number(id)
  if (createdAt === undefined || !Number.isSafeInteger(sessionId))
    throw new InvalidRequestError('invalid_cursor', 'The cursor is not one that this list has given.')
  return { createdAt, sessionId }
}
