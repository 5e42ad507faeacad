import type { IdAllocator } from '../../db/ids.ts'
import { AppError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { AgentService } from '../agents/service.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassDefaultSettings } from '../classes/class.ts'
import type { ClassService } from '../classes/service.ts'
import type { FewShotExample } from '../few-shots/few-shot.ts'
import type { FewShotService } from '../few-shots/service.ts'
import { checkModel } from './allowed-model.ts'
import { mergeParams } from './generation-params.ts'
import type { GenerationParamsInput } from './schema.ts'
import type { PracticeSession } from './session.ts'
import { type FewShotLink, NO_SETTINGS, type Settings, type SettingsRevision, type StylePreset } from './settings.ts'
import type { SettingsStore } from './settings-store.ts'
import { mergeStyleParams } from './system-prompt.ts'

/** A change of settings: what is undefined stays, what is null is cleared, objects merge one level deep. */
export type SettingsChange = {
  stylePreset?: StylePreset | null | undefined
  styleParams?: Record<string, unknown> | null | undefined
  generationParams?: GenerationParamsInput | null | undefined
  fewShotExampleIds?: readonly number[] | null | undefined
  agentId?: number | null | undefined
  summaryModel?: string | null | undefined
}

/** How often a change is tried again that collides with somebody else's. */
const MAX_TRIES = 8

/** A session's settings: what they are, how they change, and that nothing of their history is lost. */
export class SettingsService {
  readonly #store: SettingsStore
  readonly #fewShots: FewShotService
  readonly #agents: AgentService
  readonly #classes: ClassService
  readonly #catalog: Pick<ModelCatalog, 'find'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: SettingsStore
    fewShots: FewShotService
    agents: AgentService
    classes: ClassService
    catalog: Pick<ModelCatalog, 'find'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#fewShots = deps.fewShots
    this.#agents = deps.agents
    this.#classes = deps.classes
    this.#catalog = deps.catalog
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /** The first revision of a new session's settings: its class's defaults, and over them what was asked for. */
  async compose(
    person: Person,
    classId: number,
    defaults: ClassDefaultSettings,
    change: SettingsChange,
    now: string,
  ): Promise<SettingsRevision> {
    const start: Settings = {
      ...NO_SETTINGS,
      stylePreset: (defaults.style_preset ?? null) as StylePreset | null,
      styleParams: mergeStyleParams({}, defaults.style_params ?? {}),
      generationParams: mergeParams({}, defaults.generation_params ?? {}),
    }
    const settings = await this.#changed(person, classId, start, change, now)
    return { revision: 1, createdAt: now, personId: person.personId, ...settings }
  }

  /** @param revision the session's current one when left out. @throws {NotFoundError} if there is none such. */
  async get(
    session: Pick<PracticeSession, 'sessionId' | 'revision'>,
    revision = session.revision,
  ): Promise<SettingsRevision> {
    const found = await this.#store.find(session.sessionId, revision)
    if (!found) throw new NotFoundError('revision', revision)
    return found
  }

  list(session: PracticeSession, page: { limit: number; offset: number }) {
    return this.#store.list(session.sessionId, page)
  }

  /**
   * Changes settings by making the next revision; what changes nothing makes none.
   *
   * @param expected the revision that the change was made for; left out, it applies to whatever is current.
   * @throws {AppError} `revision_conflict` when the expected revision is not the current one any more.
   */
  async change(
    person: Person,
    session: PracticeSession,
    change: SettingsChange,
    expected?: number,
  ): Promise<SettingsRevision> {
    return this.#append(person, session, expected, (current, now) =>
      this.#changed(person, session.classId, current, change, now),
    )
  }

  /** Makes a new revision that equals an earlier one. */
  async restore(
    person: Person,
    session: PracticeSession,
    revision: number,
    expected?: number,
  ): Promise<SettingsRevision> {
    const earlier = await this.get(session, revision)
    return this.#append(person, session, expected, async () => earlier)
  }

  /** Takes the agent of a session anew, at its latest version. @throws {NotFoundError} if it has none that is usable. */
  async updateAgent(person: Person, session: PracticeSession): Promise<SettingsRevision> {
    const { agentSnapshot } = await this.get(session)
    if (!agentSnapshot) throw new NotFoundError('agent', 'of this session')
    return this.change(person, session, { agentId: agentSnapshot.agent_id })
  }

  /** The examples behind links, null where one is gone or may not be seen any more. */
  examplesOf(session: PracticeSession, links: readonly FewShotLink[]): Promise<(FewShotExample | null)[]> {
    const owner = { personId: session.personId }
    return this.#fewShots.findMany(
      owner,
      session.classId,
      links.map(({ exampleId }) => exampleId),
    )
  }

  /** The examples that a turn is asked with: those that are still there and active. */
  async usableExamples(owner: { personId: number }, classId: number, links: readonly FewShotLink[]) {
    if (links.length === 0) return []
    const exampleIds = new Set(links.map(({ exampleId }) => exampleId))
    const usable = await this.#fewShots.listUsable(owner, classId, [...exampleIds])
    return usable.map(({ exampleId, inputText, outputText }) => ({
      example_id: exampleId,
      input_text: inputText,
      output_text: outputText,
    }))
  }

  /** The latest version of the agent that a session uses, or null when it uses none or it is gone. */
  async latestAgentVersion({ agentSnapshot }: Settings): Promise<number | null> {
    return agentSnapshot ? ((await this.#agents.latestVersion(agentSnapshot.agent_id)) ?? null) : null
  }

  async #append(
    person: Person,
    session: PracticeSession,
    expected: number | undefined,
    next: (current: Settings, now: string) => Promise<Settings>,
  ): Promise<SettingsRevision> {
    let current = await this.get(session)
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (expected !== undefined && expected !== current.revision) throw revisionConflict(current.revision)
      const createdAt = this.#now().toISOString()
      const settings = await next(current, createdAt)
      if (isSame(current, settings)) return current
      const revision = { ...settings, revision: current.revision + 1, createdAt, personId: person.personId }
      if (await this.#store.append(session.sessionId, revision)) return revision
      current = await this.get(session, current.revision + 1)
    }
    throw revisionConflict(current.revision)
  }

  async #changed(
    person: Person,
    classId: number,
    current: Settings,
    change: SettingsChange,
    now: string,
  ): Promise<Settings> {
    const { stylePreset, styleParams, generationParams, fewShotExampleIds, agentId, summaryModel } = change
    if (summaryModel) {
      const { allowedModels } = await this.#classes.getReadable(person, classId)
      checkModel(this.#catalog, allowedModels, summaryModel)
    }
    return {
      stylePreset: stylePreset === undefined ? current.stylePreset : stylePreset,
      styleParams: styleParams === null ? {} : mergeStyleParams(current.styleParams, styleParams ?? {}),
      generationParams: generationParams === null ? {} : mergeParams(current.generationParams, generationParams ?? {}),
      fewShotLinks:
        fewShotExampleIds === undefined
          ? current.fewShotLinks
          : await this.#links(person, classId, current.fewShotLinks, fewShotExampleIds ?? [], now),
      agentSnapshot:
        agentId === undefined
          ? current.agentSnapshot
          : agentId === null
            ? null
            : await this.#agents.getUsable(person, classId, agentId),
      summaryModel: summaryModel === undefined ? current.summaryModel : summaryModel,
    }
  }

  /** Links keep their ids while their examples stay in the list. */
  async #links(
    person: Person,
    classId: number,
    current: readonly FewShotLink[],
    exampleIds: readonly number[],
    now: string,
  ): Promise<FewShotLink[]> {
    if (exampleIds.length === 0) return []
    await this.#fewShots.getForUse(person, classId, exampleIds)
    return Promise.all(
      exampleIds.map(async (exampleId) => {
        const kept = current.find((link) => link.exampleId === exampleId)
        return kept ?? { id: await this.#ids.take('few_shot_link'), exampleId, createdAt: now }
      }),
    )
  }
}

function isSame(a: Settings, b: Settings): boolean {
  const content = ({
    stylePreset,
    styleParams,
    generationParams,
    fewShotLinks,
    agentSnapshot,
    summaryModel,
  }: Settings) => {
    const agent = agentSnapshot && { ...agentSnapshot, captured_at: '' }
    return JSON.stringify([stylePreset, styleParams, generationParams, fewShotLinks, agent, summaryModel])
  }
  return content(a) === content(b)
}

function revisionConflict(current: number): AppError {
  return new AppError(
    'precondition_failed',
    'revision_conflict',
    `The settings have been changed meanwhile; their revision is ${current} now.`,
  )
}
