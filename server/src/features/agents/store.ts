import { type Kysely, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { Agent, AgentContent, AgentShare, AgentVersion, AgentVersionSummary } from './agent.ts'

type Page = { limit: number; offset: number }

/** What is true of all versions of an agent. */
type AgentFlags = { isActive?: boolean | undefined; isPromptHidden?: boolean | undefined }

/** Agents, their versions and which classes may use them. Every query names the owner or a class. */
export class AgentStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** @returns false, having stored nothing, when the person would then have more than `most`. */
  insert(agent: Agent, most: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      // Others who add agents for this person wait here, so that two cannot both take the last place.
      await tx
        .updateTable('people')
        .set((set) => ({ name: set.ref('name') }))
        .where('person_id', '=', agent.personId)
        .execute()
      const { total } = await tx
        .selectFrom('agents')
        .select((select) => select.fn.countAll<number>().as('total'))
        .where('person_id', '=', agent.personId)
        .executeTakeFirstOrThrow()
      if (Number(total) >= most) return false
      await tx
        .insertInto('agents')
        .values({
          person_id: agent.personId,
          agent_id: agent.agentId,
          version: agent.version,
          is_active: agent.isActive ? 1 : 0,
          is_prompt_hidden: agent.isPromptHidden ? 1 : 0,
          source: agent.source,
          created_at: agent.createdAt,
          updated_at: agent.updatedAt,
        })
        .execute()
      await tx
        .insertInto('agent_versions')
        .values(versionRow(agent, agent, null, agent.createdAt))
        .execute()
      return true
    })
  }

  async find(personId: number, agentId: number): Promise<Agent | undefined> {
    const row = await this.#own(personId).where('agent.agent_id', '=', agentId).executeTakeFirst()
    return row && (await this.#withClassIds(personId, [row]))[0]
  }

  /** A page of a person's agents, newest first. */
  async list(
    personId: number,
    query: Page & { search?: string | undefined },
  ): Promise<{ total: number; agents: Agent[] }> {
    let matching = this.#own(personId)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['version.name', 'version.role_description'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .clearSelect()
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .orderBy('agent.created_at', 'desc')
      .orderBy('agent.agent_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), agents: await this.#withClassIds(personId, rows) }
  }

  /** The names of all of the person's agents. */
  async listNames(personId: number): Promise<string[]> {
    const rows = await this.#own(personId).clearSelect().select('version.name').execute()
    return rows.map((row) => row.name)
  }

  /**
   * Changes what is true of all versions of an agent whose latest one is still `after`.
   *
   * @returns false, having changed nothing, when it is not, or the agent is gone.
   */
  async update(
    { personId, agentId }: { personId: number; agentId: number },
    change: AgentFlags & { after: number; now: string },
  ): Promise<boolean> {
    const result = await this.#db
      .updateTable('agents')
      .set({ ...flagColumns(change), updated_at: change.now })
      .where('person_id', '=', personId)
      .where('agent_id', '=', agentId)
      .where('version', '=', change.after)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /**
   * Makes a new version of an agent whose latest one is still `after`.
   *
   * @returns false, having changed nothing, when it is not, or the agent is gone.
   */
  addVersion(
    agent: { personId: number; agentId: number },
    content: AgentContent,
    change: AgentFlags & { after: number; restoredFrom: number | null; now: string },
  ): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      const version = change.after + 1
      const result = await tx
        .updateTable('agents')
        .set({ version, ...flagColumns(change), updated_at: change.now })
        .where('person_id', '=', agent.personId)
        .where('agent_id', '=', agent.agentId)
        .where('version', '=', change.after)
        .executeTakeFirst()
      if (result.numUpdatedRows !== 1n) return false
      await tx
        .insertInto('agent_versions')
        .values(versionRow({ ...agent, version }, content, change.restoredFrom, change.now))
        .execute()
      return true
    })
  }

  /** Removes an agent with its versions and shares. @returns whether the person had it. */
  delete(personId: number, agentId: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      for (const table of ['agent_shares', 'agent_versions'] as const)
        await tx.deleteFrom(table).where('person_id', '=', personId).where('agent_id', '=', agentId).execute()
      const result = await tx
        .deleteFrom('agents')
        .where('person_id', '=', personId)
        .where('agent_id', '=', agentId)
        .executeTakeFirst()
      return result.numDeletedRows === 1n
    })
  }

  /** A page of an agent's versions, newest first. */
  async listVersions(
    personId: number,
    agentId: number,
    { limit, offset }: Page,
  ): Promise<{ total: number; versions: AgentVersionSummary[] }> {
    const matching = this.#db
      .selectFrom('agent_versions')
      .where('person_id', '=', personId)
      .where('agent_id', '=', agentId)
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select(['version', 'name', 'restored_from', 'created_at'])
      .orderBy('version', 'desc')
      .limit(limit)
      .offset(offset)
      .execute()
    const versions = rows.map((row) => ({
      version: row.version,
      name: row.name,
      restoredFrom: row.restored_from,
      createdAt: row.created_at,
    }))
    return { total: Number(total), versions }
  }

  async findVersion(personId: number, agentId: number, version: number): Promise<AgentVersion | undefined> {
    const row = await this.#db
      .selectFrom('agent_versions')
      .selectAll()
      .where('person_id', '=', personId)
      .where('agent_id', '=', agentId)
      .where('version', '=', version)
      .executeTakeFirst()
    return row && toVersion(row)
  }

  async latestVersion(agentId: number): Promise<number | undefined> {
    const { rows } = await this.#db.executeQuery(this.#selectLatestVersion({ agentId }))
    return rows[0]?.version
  }

  /** An agent that a class may use, be it inactive. */
  async findShared(classId: number, agentId: number): Promise<Agent | undefined> {
    const row = await this.#shared(classId).where('share.agent_id', '=', agentId).executeTakeFirst()
    return row && toAgent(row, [classId])
  }

  /** A page of what a class may use, newest first. */
  async listShared(
    classId: number,
    query: Page & { activeOnly: boolean },
  ): Promise<{ total: number; agents: Agent[] }> {
    let matching = this.#shared(classId)
    if (query.activeOnly) matching = matching.where('agent.is_active', '=', 1)
    const { total } = await matching
      .clearSelect()
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .orderBy('share.created_at', 'desc')
      .orderBy('share.share_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), agents: rows.map((row) => toAgent(row, [classId])) }
  }

  /** Shares an agent, again if need be; a share that exists keeps its id and time. */
  async share(share: AgentShare): Promise<AgentShare> {
    await this.#db
      .insertInto('agent_shares')
      .values({
        class_id: share.classId,
        agent_id: share.agentId,
        share_id: share.shareId,
        person_id: share.personId,
        is_active: 1,
        created_at: share.createdAt,
      })
      .onConflict((conflict) => conflict.columns(['class_id', 'agent_id']).doUpdateSet({ is_active: 1 }))
      .execute()
    return (await this.findShare(share.classId, share.agentId)) ?? share
  }

  async findShare(classId: number, agentId: number): Promise<AgentShare | undefined> {
    const row = await this.#db
      .selectFrom('agent_shares')
      .selectAll()
      .where('class_id', '=', classId)
      .where('agent_id', '=', agentId)
      .executeTakeFirst()
    return (
      row && {
        shareId: row.share_id,
        agentId: row.agent_id,
        classId: row.class_id,
        personId: row.person_id,
        isActive: row.is_active === 1,
        createdAt: row.created_at,
      }
    )
  }

  async endShare(classId: number, agentId: number): Promise<void> {
    await this.#db
      .updateTable('agent_shares')
      .set({ is_active: 0 })
      .where('class_id', '=', classId)
      .where('agent_id', '=', agentId)
      .execute()
  }

  #own(personId: number) {
    return this.#db
      .selectFrom('agents as agent')
      .innerJoin('agent_versions as version', (join) =>
        join
          .onRef('version.person_id', '=', 'agent.person_id')
          .onRef('version.agent_id', '=', 'agent.agent_id')
          .onRef('version.version', '=', 'agent.version'),
      )
      .select(AGENT_COLUMNS)
      .where('agent.person_id', '=', personId)
  }

  #shared(classId: number) {
    return this.#db
      .selectFrom('agent_shares as share')
      .innerJoin('agents as agent', (join) =>
        join.onRef('agent.person_id', '=', 'share.person_id').onRef('agent.agent_id', '=', 'share.agent_id'),
      )
      .innerJoin('agent_versions as version', (join) =>
        join
          .onRef('version.person_id', '=', 'agent.person_id')
          .onRef('version.agent_id', '=', 'agent.agent_id')
          .onRef('version.version', '=', 'agent.version'),
      )
      .select(AGENT_COLUMNS)
      .where('share.class_id', '=', classId)
      .where('share.is_active', '=', 1)
  }

  async #withClassIds(personId: number, rows: AgentRow[]): Promise<Agent[]> {
    if (rows.length === 0) return []
    const shares = await this.#db
      .selectFrom('agent_shares')
      .select(['class_id', 'agent_id'])
      .where('person_id', '=', personId)
      .where('is_active', '=', 1)
      .where(
        'agent_id',
        'in',
        rows.map((row) => row.agent_id),
      )
      .orderBy('class_id')
      .execute()
    return rows.map((row) =>
      toAgent(
        row,
        shares.filter((share) => share.agent_id === row.agent_id).map((share) => share.class_id),
      ),
    )
  }

  readonly #selectLatestVersion = compileOnce((v: { agentId: number }) =>
    this.#db.selectFrom('agents').select('version').where('agent_id', '=', v.agentId),
  )
}

const AGENT_COLUMNS = [
  'agent.person_id',
  'agent.agent_id',
  'agent.version',
  'agent.is_active',
  'agent.is_prompt_hidden',
  'agent.source',
  'agent.created_at',
  'agent.updated_at',
  'version.name',
  'version.role_description',
  'version.system_prompt',
  'version.examples',
  'version.generation_params',
  'version.skillsets',
] as const

type AgentRow = Tables['agents'] & ContentRow

type ContentRow = {
  name: string
  role_description: string | null
  system_prompt: string
  examples: AgentContent['examples']
  generation_params: AgentContent['generationParams']
  skillsets: AgentContent['skillsets'] | null
}

function toAgent(row: AgentRow, classIds: number[]): Agent {
  return {
    ...toContent(row),
    agentId: row.agent_id,
    personId: row.person_id,
    version: row.version,
    isPromptHidden: row.is_prompt_hidden === 1,
    isActive: row.is_active === 1,
    source: row.source,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    classIds,
  }
}

function toVersion(
  row: ContentRow & { version: number; restored_from: number | null; created_at: string },
): AgentVersion {
  return {
    ...toContent(row),
    version: row.version,
    restoredFrom: row.restored_from,
    createdAt: row.created_at,
  }
}

function toContent(row: ContentRow): AgentContent {
  return {
    name: row.name,
    roleDescription: row.role_description,
    systemPrompt: row.system_prompt,
    examples: row.examples,
    generationParams: row.generation_params,
    skillsets: row.skillsets ?? [],
  }
}

function versionRow(
  { personId, agentId, version }: { personId: number; agentId: number; version: number },
  content: AgentContent,
  restoredFrom: number | null,
  now: string,
) {
  return {
    person_id: personId,
    agent_id: agentId,
    version,
    name: content.name,
    role_description: content.roleDescription,
    system_prompt: content.systemPrompt,
    examples: JSON.stringify(content.examples),
    generation_params: JSON.stringify(content.generationParams),
    skillsets: content.skillsets.length > 0 ? JSON.stringify(content.skillsets) : null,
    restored_from: restoredFrom,
    created_at: now,
  }
}

function flagColumns(change: AgentFlags) {
  return {
    ...(change.isActive !== undefined && { is_active: change.isActive ? 1 : 0 }),
    ...(change.isPromptHidden !== undefined && { is_prompt_hidden: change.isPromptHidden ? 1 : 0 }),
  }
}
