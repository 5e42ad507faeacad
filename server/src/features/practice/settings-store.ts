import type { CompiledQuery, Kysely, Selectable } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import { isUniqueViolation } from '../../db/sql-dialect.ts'
import type { Tables } from '../../db/tables.ts'
import type { AgentSnapshot } from '../agents/agent.ts'
import type { SettingsRevision } from './settings.ts'

/** The revisions of sessions' settings; the latest is named by the session itself. */
export class SettingsStore {
  readonly #database: Database
  readonly #db: Kysely<Tables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  /** What stores the first revision; to be committed together with its session. */
  first(sessionId: number, revision: SettingsRevision): CompiledQuery {
    return this.#insert(toRow(sessionId, revision))
  }

  /** Stores the next revision and makes it the session's; false when somebody else was faster. */
  async append(sessionId: number, revision: SettingsRevision): Promise<boolean> {
    try {
      await this.#database.batch([
        this.#insert(toRow(sessionId, revision)),
        this.#setCurrent({ sessionId, revision: revision.revision, now: revision.createdAt }),
      ])
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  async find(sessionId: number, revision: number): Promise<SettingsRevision | undefined> {
    const { rows } = await this.#db.executeQuery(this.#select({ sessionId, revision }))
    return rows[0] && fromRow(rows[0])
  }

  /** Newest first. */
  async list(sessionId: number, page: { limit: number; offset: number }) {
    const { total } = await this.#db
      .selectFrom('practice_setting_revisions')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow()
    const rows = await this.#db
      .selectFrom('practice_setting_revisions')
      .selectAll()
      .where('session_id', '=', sessionId)
      .orderBy('revision', 'desc')
      .limit(page.limit)
      .offset(page.offset)
      .execute()
    return { total, revisions: rows.map(fromRow) }
  }

  readonly #insert = compileOnce((v: ReturnType<typeof toRow>) =>
    this.#db.insertInto('practice_setting_revisions').values({
      session_id: v.session_id,
      revision: v.revision,
      person_id: v.person_id,
      style_preset: v.style_preset,
      style_params: v.style_params,
      generation_params: v.generation_params,
      few_shot_links: v.few_shot_links,
      agent_snapshot: v.agent_snapshot,
      summary_model: v.summary_model,
      created_at: v.created_at,
    }),
  )

  readonly #setCurrent = compileOnce((v: { sessionId: number; revision: number; now: string }) =>
    this.#db
      .updateTable('practice_sessions')
      .set({ revision: v.revision, updated_at: v.now })
      .where('session_id', '=', v.sessionId),
  )

  readonly #select = compileOnce((v: { sessionId: number; revision: number }) =>
    this.#db
      .selectFrom('practice_setting_revisions')
      .selectAll()
      .where('session_id', '=', v.sessionId)
      .where('revision', '=', v.revision),
  )
}

function toRow(sessionId: number, revision: SettingsRevision) {
  return {
    session_id: sessionId,
    revision: revision.revision,
    person_id: revision.personId,
    style_preset: revision.stylePreset,
    style_params: JSON.stringify(revision.styleParams),
    generation_params: JSON.stringify(revision.generationParams),
    few_shot_links: JSON.stringify(revision.fewShotLinks),
    agent_snapshot: revision.agentSnapshot && JSON.stringify(revision.agentSnapshot),
    summary_model: revision.summaryModel,
    created_at: revision.createdAt,
  }
}

function fromRow(row: Selectable<Tables['practice_setting_revisions']>): SettingsRevision {
  return {
    revision: row.revision,
    personId: row.person_id,
    stylePreset: row.style_preset,
    styleParams: row.style_params,
    generationParams: row.generation_params,
    fewShotLinks: row.few_shot_links,
    agentSnapshot: row.agent_snapshot as AgentSnapshot | null,
    summaryModel: row.summary_model,
    createdAt: row.created_at,
  }
}
