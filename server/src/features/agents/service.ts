import { isDeepStrictEqual } from 'node:util'
import type { IdAllocator } from '../../db/ids.ts'
import { AppError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import { checkMayShare, isStaff } from '../classes/sharing.ts'
import type { SkillsetService } from '../skillsets/service.ts'
import {
  type Agent,
  type AgentContent,
  type AgentShare,
  type AgentSkillset,
  type AgentSnapshot,
  type AgentVersion,
  type AgentVersionSummary,
  MAX_AGENTS_PER_PERSON,
  MAX_NAME_CHARACTERS,
  MAX_VERSIONS,
  type RedactedAgent,
} from './agent.ts'
import type { AgentStore } from './store.ts'

/** What an agent is to say, with skillsets as they are asked for. */
export type GivenContent = Omit<AgentContent, 'skillsets'> & {
  skillsets: { skillsetId: string; version: number | undefined }[]
}

/** What a change of an agent may say; what it leaves out stays. */
export type AgentChange = Partial<GivenContent> & { isActive?: boolean; isPromptHidden?: boolean }

/** How often a change is tried again after somebody else's came first. */
const TRIES = 10

/** Agents: personas with versions, which sessions use through snapshots. */
export class AgentService {
  readonly #store: AgentStore
  readonly #classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
  readonly #skillsets: Pick<SkillsetService, 'getRunnable' | 'hold' | 'release'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: AgentStore
    classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
    skillsets: Pick<SkillsetService, 'getRunnable' | 'hold' | 'release'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#skillsets = deps.skillsets
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * The latest version of an agent for use in a session: an active one of the person's own, or one that is shared
   * with the class. That the person may run in the class is for the caller to check.
   *
   * @throws {NotFoundError} if there is no such agent for this person.
   */
  async getUsable(person: Pick<Person, 'personId'>, classId: number, agentId: number): Promise<AgentSnapshot> {
    const own = await this.#store.find(person.personId, agentId)
    const agent = own ?? (await this.#store.findShared(classId, agentId))
    if (!agent?.isActive) throw new NotFoundError('agent', agentId)
    return {
      agent_id: agent.agentId,
      owner_id: agent.personId,
      version: agent.version,
      name: agent.name,
      role_description: agent.roleDescription,
      system_prompt: agent.systemPrompt,
      examples: agent.examples,
      generation_params: agent.generationParams,
      skillsets: agent.skillsets,
      captured_at: this.#now().toISOString(),
      source: own ? 'own' : 'shared',
      is_hidden: agent.isPromptHidden,
    }
  }

  /** The number of an agent's latest version, whoever's it is; undefined when the agent is gone. */
  latestVersion(agentId: number): Promise<number | undefined> {
    return this.#store.latestVersion(agentId)
  }

  /** A page of one's own agents, newest first. */
  list(
    person: Person,
    query: { search?: string | undefined; limit: number; offset: number },
  ): Promise<{ total: number; agents: Agent[] }> {
    return this.#store.list(person.personId, query)
  }

  /** @throws {NotFoundError} if the agent is not this person's. */
  async get(person: Person, agentId: number): Promise<Agent> {
    const found = await this.#store.find(person.personId, agentId)
    if (!found) throw new NotFoundError('agent', agentId)
    return found
  }

  /**
   * @throws {NotFoundError} for a skillset that is not this person's to use.
   * @throws {AppError} `too_many_agents`.
   */
  async create(
    person: Person,
    content: GivenContent,
    options: { isPromptHidden?: boolean; source?: string } = {},
  ): Promise<Agent> {
    return this.#insert(person, { ...content, skillsets: await this.#getSkillsets(person, content.skillsets) }, options)
  }

  async #insert(
    person: Person,
    content: AgentContent,
    options: { isPromptHidden?: boolean; source?: string } = {},
  ): Promise<Agent> {
    const now = this.#now().toISOString()
    const agent: Agent = {
      ...content,
      agentId: await this.#ids.take('agent'),
      personId: person.personId,
      version: 1,
      isPromptHidden: options.isPromptHidden ?? false,
      isActive: true,
      source: options.source ?? null,
      createdAt: now,
      updatedAt: now,
      classIds: [],
    }
    if (!(await this.#store.insert(agent, MAX_AGENTS_PER_PERSON)))
      throw new AppError(
        'conflict',
        'too_many_agents',
        `A person has at most ${MAX_AGENTS_PER_PERSON} agents; delete some first.`,
      )
    await this.#hold(agent)
    return agent
  }

  /**
   * Changes what is given and leaves the rest. Other content is a new version; the same content is not.
   *
   * @param ifVersion the version that the change is meant for, when it must not be another.
   * @throws {NotFoundError} if the agent is not this person's, or a skillset is not theirs to use.
   * @throws {AppError} `agent_changed` when `ifVersion` is not the latest, `too_many_agent_versions`.
   */
  async change(person: Person, agentId: number, change: AgentChange, ifVersion?: number): Promise<Agent> {
    const { isActive, isPromptHidden, skillsets: given, ...contentChange } = change
    const skillsets = given && (await this.#getSkillsets(person, given))
    const changed = await this.#tryAgain(person, agentId, ifVersion, async (agent, now) => {
      const content = { ...contentOf(agent), ...contentChange, ...(skillsets && { skillsets }) }
      if (!isDeepStrictEqual(content, contentOf(agent)))
        return this.#addVersion(agent, content, { restoredFrom: null, isActive, isPromptHidden, now })
      if (isActive === undefined && isPromptHidden === undefined) return true
      return this.#store.update(agent, { after: agent.version, isActive, isPromptHidden, now })
    })
    if (skillsets) await this.#hold(changed)
    return changed
  }

  /**
   * Makes a new version that says the same as an earlier one.
   *
   * @throws {NotFoundError} if the agent is not this person's or has no such version.
   * @throws {AppError} `agent_changed` when `ifVersion` is not the latest, `too_many_agent_versions`.
   */
  async restore(person: Person, agentId: number, version: number, ifVersion?: number): Promise<Agent> {
    const earlier = await this.getVersion(person, agentId, version)
    return this.#tryAgain(person, agentId, ifVersion, (agent, now) =>
      this.#addVersion(agent, contentOf(earlier), { restoredFrom: version, now }),
    )
  }

  /**
   * Removes an agent with all its versions. Sessions that took it keep their snapshot.
   *
   * @throws {NotFoundError} if the agent is not this person's.
   */
  async delete(person: Person, agentId: number): Promise<void> {
    if (!(await this.#store.delete(person.personId, agentId))) throw new NotFoundError('agent', agentId)
    await this.#skillsets.release(holderOf(agentId))
  }

  /**
   * A page of an agent's versions, newest first.
   *
   * @throws {NotFoundError} if the agent is not this person's.
   */
  async listVersions(
    person: Person,
    agentId: number,
    query: { limit: number; offset: number },
  ): Promise<{ total: number; versions: AgentVersionSummary[] }> {
    await this.get(person, agentId)
    return this.#store.listVersions(person.personId, agentId, query)
  }

  /** @throws {NotFoundError} if the agent is not this person's or has no such version. */
  async getVersion(person: Person, agentId: number, version: number): Promise<AgentVersion> {
    const found = await this.#store.findVersion(person.personId, agentId, version)
    if (found) return found
    await this.get(person, agentId)
    throw new NotFoundError('agent version', version)
  }

  /**
   * Lets a class use one's agent; sharing again changes nothing.
   *
   * @throws {NotFoundError} if the agent is not this person's, or they are not in the class.
   * @throws {AppError} `class_staff_only`, `class_not_active`.
   */
  async share(person: Person, agentId: number, classId: number): Promise<AgentShare> {
    await this.get(person, agentId)
    await checkMayShare(this.#classes, person, classId)
    return this.#store.share({
      shareId: await this.#ids.take('agent_share'),
      agentId,
      classId,
      personId: person.personId,
      isActive: true,
      createdAt: this.#now().toISOString(),
    })
  }

  /**
   * Takes one's agent back from a class, whatever one's role there is now; doing so again changes nothing.
   *
   * @throws {NotFoundError} if the agent is not this person's or was never shared with the class.
   */
  async unshare(person: Person, agentId: number, classId: number): Promise<AgentShare> {
    await this.get(person, agentId)
    const share = await this.#store.findShare(classId, agentId)
    if (!share) throw new NotFoundError('share', agentId)
    await this.#store.endShare(classId, agentId)
    return { ...share, isActive: false }
  }

  /**
   * A page of the agents that a class may use, newest first; hidden prompts, examples and skillsets are blanked out for all but
   * their owners.
   *
   * @param query `activeOnly: false` also lists inactive ones, to those who teach or assist.
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   */
  async listShared(
    person: Person,
    classId: number,
    query: { activeOnly: boolean; limit: number; offset: number },
  ): Promise<{ total: number; agents: RedactedAgent[] }> {
    const { role } = await this.#classes.getReadable(person, classId)
    const { total, agents } = await this.#store.listShared(classId, {
      ...query,
      activeOnly: query.activeOnly || !isStaff(person, role),
    })
    return {
      total,
      agents: agents.map((agent) =>
        isHiddenFrom(person, agent) ? { ...agent, systemPrompt: null, examples: [], skillsets: [] } : agent,
      ),
    }
  }

  /**
   * Makes an agent of one's own from the latest version of one that a class may use.
   *
   * @throws {NotFoundError} if the person is not in the class, or the class may not use the agent (any more).
   * @throws {AppError} `agent_prompt_hidden`, `too_many_agents`.
   */
  async fork(
    person: Person,
    agentId: number,
    { classId, name }: { classId: number; name: string | null },
  ): Promise<Agent> {
    await this.#classes.getReadable(person, classId)
    const shared = await this.#store.findShared(classId, agentId)
    if (!shared?.isActive) throw new NotFoundError('agent', agentId)
    if (isHiddenFrom(person, shared))
      throw new AppError('forbidden', 'agent_prompt_hidden', 'The prompt of this agent is hidden: it cannot be copied.')
    const content = { ...contentOf(shared), name: name ?? (await this.#nameOfCopy(person, shared.name)) }
    const skillsets = await this.#usableSkillsets(person, shared.skillsets)
    return this.#insert(person, { ...content, skillsets }, { source: 'class_shared' })
  }

  async #getSkillsets(person: Person, given: GivenContent['skillsets']): Promise<AgentSkillset[]> {
    return Promise.all(
      given.map(async ({ skillsetId, version }) => {
        const found = await this.#skillsets.getRunnable(person, skillsetId, version ?? 'latest')
        return { skillset_id: skillsetId, version: found.version, name: found.name }
      }),
    )
  }

  /** Those of an agent's skillsets that somebody else may use without the agent. */
  async #usableSkillsets(person: Person, skillsets: readonly AgentSkillset[]): Promise<AgentSkillset[]> {
    const usable = await Promise.all(
      skillsets.map((one) =>
        this.#skillsets.getRunnable(person, one.skillset_id, one.version).then(
          () => [one],
          (error: unknown) => {
            if (error instanceof NotFoundError) return []
            throw error
          },
        ),
      ),
    )
    return usable.flat()
  }

  /** Keeps versions of skillsets for as long as the agent is there: a session may have taken any of its versions. */
  async #hold({ agentId, skillsets }: Agent): Promise<void> {
    for (const { skillset_id, version } of skillsets)
      await this.#skillsets.hold(skillset_id, version, holderOf(agentId))
  }

  /** `Tutor (2)`, in any language, or the next number that the person does not have yet. */
  async #nameOfCopy(person: Person, name: string): Promise<string> {
    const taken = new Set(await this.#store.listNames(person.personId))
    for (let number = 2; ; number++) {
      const suffix = ` (${number})`
      const copy = name.slice(0, MAX_NAME_CHARACTERS - suffix.length).toWellFormed() + suffix
      if (!taken.has(copy)) return copy
    }
  }

  /** Changes the latest version, whichever that is at the moment, unless the change is meant for one. */
  async #tryAgain(
    person: Person,
    agentId: number,
    ifVersion: number | undefined,
    apply: (agent: Agent, now: string) => Promise<boolean>,
  ): Promise<Agent> {
    for (let tries = 0; tries < TRIES; tries++) {
      const agent = await this.get(person, agentId)
      if (ifVersion !== undefined && agent.version !== ifVersion) break
      if (await apply(agent, this.#now().toISOString())) return this.get(person, agentId)
    }
    throw new AppError(
      'precondition_failed',
      'agent_changed',
      'Somebody else changed this agent meanwhile; look at its latest version first.',
    )
  }

  #addVersion(
    agent: Agent,
    content: AgentContent,
    change: Omit<Parameters<AgentStore['addVersion']>[2], 'after'>,
  ): Promise<boolean> {
    if (agent.version >= MAX_VERSIONS)
      throw new AppError(
        'conflict',
        'too_many_agent_versions',
        `An agent has at most ${MAX_VERSIONS} versions; go on with a copy of it.`,
      )
    return this.#store.addVersion(agent, content, { ...change, after: agent.version })
  }
}

function isHiddenFrom(person: Pick<Person, 'personId'>, agent: Agent): boolean {
  return agent.isPromptHidden && agent.personId !== person.personId
}

function holderOf(agentId: number): string {
  return `agent ${agentId}`
}

function contentOf(agent: AgentContent): AgentContent {
  const { name, roleDescription, systemPrompt, examples, generationParams, skillsets } = agent
  return { name, roleDescription, systemPrompt, examples, generationParams, skillsets }
}
