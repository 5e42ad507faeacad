import type { CompiledQuery } from 'kysely'
import type { IdAllocator } from '../../db/ids.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import { checkModel } from './allowed-model.ts'
import { newSession } from './new-session.ts'
import type { Lane } from './session.ts'
import { previewOf, titleFromPrompt } from './session-title.ts'
import type { SettingsRevision } from './settings.ts'
import type { SettingsChange, SettingsService } from './settings-service.ts'
import type { SettingsStore } from './settings-store.ts'
import type { PracticeStore } from './store.ts'
import type { AskableModels, TurnBuilder } from './turn-builder.ts'

/** A model and what it is to be asked with, over the defaults of its class. */
export type Variant = { modelName: string; settings: SettingsChange }

/** Asks one prompt with several settings at once, in a session whose lanes each keep to settings of their own. */
export class VariantService {
  readonly #store: PracticeStore
  readonly #settings: SettingsService
  readonly #settingsStore: SettingsStore
  readonly #builder: TurnBuilder
  readonly #runs: RunService
  readonly #catalog: AskableModels
  readonly #classes: ClassService
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: PracticeStore
    settings: SettingsService
    settingsStore: SettingsStore
    builder: TurnBuilder
    runs: RunService
    catalog: AskableModels
    classes: ClassService
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#settings = deps.settings
    this.#settingsStore = deps.settingsStore
    this.#builder = deps.builder
    this.#runs = deps.runs
    this.#catalog = deps.catalog
    this.#classes = deps.classes
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Opens a session with `repeats` lanes for every variant and asks them all.
   *
   * The settings of the first variant are revision 1 of the session's, those of the second are 2, and so on; the
   * session's own are the class's defaults, in the revision after them. Everything that can be refused is refused
   * before anything is stored or any model is asked.
   *
   * @param alsoStore what must be committed together with the turn.
   * @throws {NotFoundError} if the class or an agent is not this person's to use.
   * @throws {InvalidRequestError} `class_not_active`, `unknown_model`, `model_not_allowed_for_class`.
   */
  async run(
    person: Person,
    classId: number,
    request: { promptText: string; variants: readonly Variant[]; repeats: number },
    alsoStore: (turn: TurnKey) => CompiledQuery[],
  ): Promise<TurnKey> {
    const { allowedModels, defaultSettings, slug } = await this.#classes.getRunnable(person, classId)
    for (const { modelName } of request.variants) checkModel(this.#catalog, allowedModels, modelName)
    const now = this.#now().toISOString()
    const revisions: SettingsRevision[] = []
    for (const change of [...request.variants.map(({ settings }) => settings), {}]) {
      const composed = await this.#settings.compose(person, classId, defaultSettings, change, now)
      revisions.push({ ...composed, revision: revisions.length + 1 })
    }
    const settings = revisions.at(-1) as SettingsRevision

    const lanes = await this.#lanes(request)
    const { promptText } = request
    const session = await newSession(
      this.#ids,
      {
        personId: person.personId,
        classId,
        title: titleFromPrompt(promptText),
        preview: previewOf(promptText),
        revision: settings.revision,
        turnCount: 1,
      },
      now,
    )
    const links = revisions.flatMap(({ fewShotLinks }) => fewShotLinks)
    const { turn, tasks } = await this.#builder.newTurn(
      {
        session,
        entity: slug,
        allowedModels,
        settings,
        ownSettings: new Map(revisions.map((revision) => [revision.revision, revision])),
        fewShots: await this.#settings.usableExamples(person, classId, links),
        promptText,
        parentTurnId: null,
        requestParams: {},
        historyOf: () => [],
        now,
      },
      lanes,
    )
    await this.#runs.start(turn, tasks, [
      ...this.#store.newSession(session, lanes),
      ...revisions.map((revision) => this.#settingsStore.first(session.sessionId, revision)),
      ...alsoStore(turn),
    ])
    return turn
  }

  /** All lanes of the first variant, then those of the second, and so on; the very first is primary. */
  async #lanes({ variants, repeats }: { variants: readonly Variant[]; repeats: number }): Promise<Lane[]> {
    const firstLaneId = await this.#ids.take('lane', variants.length * repeats)
    return variants.flatMap(({ modelName }, index) =>
      Array.from({ length: repeats }, (_, repeat) => ({
        laneId: firstLaneId + index * repeats + repeat,
        modelName,
        isPrimary: index === 0 && repeat === 0,
        isActive: true,
        generationParams: {},
        ownRevision: index + 1,
      })),
    )
  }
}
