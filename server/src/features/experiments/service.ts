import type { IdAllocator } from '../../db/ids.ts'
import { NotFoundError } from '../../errors.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { Response, Turn } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import type { SessionService } from '../practice/session-service.ts'
import type { SettingsRevision } from '../practice/settings.ts'
import type { SettingsService } from '../practice/settings-service.ts'
import type { Variant, VariantService } from '../practice/variant-service.ts'
import { type Experiment, type ExperimentVariant, latestAttempts } from './experiment.ts'
import type { ExperimentStore, ListedExperiment } from './store.ts'

/** A variant with its settings and its answers: of each repeat the latest. */
export type AnsweredVariant = ExperimentVariant & { settings: SettingsRevision; responses: Response[] }

export type WholeExperiment = { experiment: Experiment; turn: Turn; variants: AnsweredVariant[] }

type Page = { limit: number; offset: number }

/** Experiments: running them, reading them, and letting a class vote on them. */
export class ExperimentService {
  readonly #store: ExperimentStore
  readonly #variants: VariantService
  readonly #sessions: SessionService
  readonly #settings: SettingsService
  readonly #runs: RunService
  readonly #classes: ClassService
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: ExperimentStore
    variants: VariantService
    sessions: SessionService
    settings: SettingsService
    runs: RunService
    classes: ClassService
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#variants = deps.variants
    this.#sessions = deps.sessions
    this.#settings = deps.settings
    this.#runs = deps.runs
    this.#classes = deps.classes
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Asks all variants one prompt, each `repeats` times, all at once.
   *
   * Everything that can be refused is refused here, before anything is stored or any model is asked.
   *
   * @throws {NotFoundError} if the class or an agent is not this person's to use.
   * @throws {AppError} for unknown models and examples, and classes that are not active, as running a session does.
   */
  async run(
    person: Person,
    classId: number,
    request: { promptText: string; variants: readonly (Variant & { label: string | null })[]; repeats: number },
  ): Promise<Experiment> {
    const experimentId = await this.#ids.take('experiment')
    const experiment = {
      experimentId,
      personId: person.personId,
      classId,
      repeats: request.repeats,
      isShared: false,
      createdAt: this.#now().toISOString(),
    }
    const variants = request.variants.map(({ modelName, label }, index) => ({
      revision: index + 1,
      label: label ?? defaultLabel(request.variants, index),
      modelName,
    }))
    const { sessionId, turnId } = await this.#variants.run(person, classId, request, (turn) =>
      this.#store.insert({ ...experiment, sessionId: turn.sessionId, turnId: turn.turnId }, variants),
    )
    return { ...experiment, sessionId, turnId }
  }

  /** A page of one's own, newest first. */
  list(person: Person, page: Page): Promise<{ total: number; experiments: ListedExperiment[] }> {
    return this.#store.list({ personId: person.personId }, page)
  }

  /** A page of those that a class may vote on, newest first. @throws {NotFoundError} if one is not in the class. */
  async listShared(person: Person, classId: number, page: Page) {
    await this.#classes.getReadable(person, classId)
    return this.#store.list({ sharedWith: classId }, page)
  }

  /** One's own, or one of a class that one looks after, with all its answers. @throws {NotFoundError} otherwise. */
  async read(person: Person, experimentId: number): Promise<WholeExperiment> {
    const experiment = await this.#store.find(experimentId)
    const isReadable =
      experiment &&
      (experiment.personId === person.personId || (await this.#classes.canReadSessionsOf(person, experiment.classId)))
    if (!isReadable) throw new NotFoundError('experiment', experimentId)
    return this.#whole(experiment)
  }

  /**
   * One's own, or one that its owner has shared with a class that one is in.
   *
   * @throws {NotFoundError} otherwise.
   */
  async readToVote(person: Person, experimentId: number): Promise<WholeExperiment> {
    const experiment = await this.#store.find(experimentId)
    if (!experiment || !(await this.#mayVote(person, experiment))) throw new NotFoundError('experiment', experimentId)
    return this.#whole(experiment)
  }

  /** Lets the class vote on it, or no longer. @throws {NotFoundError} if it is not this person's. */
  async share(person: Person, experimentId: number, isShared: boolean): Promise<void> {
    const { classId } = await this.#getOwn(person, experimentId)
    if (isShared) await this.#classes.getRunnable(person, classId)
    await this.#store.setShared(experimentId, isShared)
  }

  /** Stops it if it runs and removes it, with its session and votes. @throws {NotFoundError} if it is not this person's. */
  async delete(person: Person, experimentId: number): Promise<void> {
    const { sessionId } = await this.#getOwn(person, experimentId)
    await this.#sessions.delete(person, sessionId)
  }

  async #getOwn(person: Person, experimentId: number): Promise<Experiment> {
    const experiment = await this.#store.find(experimentId)
    if (experiment?.personId !== person.personId) throw new NotFoundError('experiment', experimentId)
    return experiment
  }

  async #mayVote(person: Person, experiment: Experiment): Promise<boolean> {
    if (experiment.personId === person.personId) return true
    if (!experiment.isShared) return false
    return this.#classes.getReadable(person, experiment.classId).then(
      () => true,
      (error: unknown) => {
        if (error instanceof NotFoundError) return false
        throw error
      },
    )
  }

  async #whole(experiment: Experiment): Promise<WholeExperiment> {
    const { sessionId, turnId, experimentId } = experiment
    const [found, variants] = await Promise.all([
      this.#runs.find({ sessionId, turnId }),
      this.#store.listVariants(sessionId),
    ])
    // Deleted while it was being read.
    if (!found) throw new NotFoundError('experiment', experimentId)
    const responses = latestAttempts(found.responses)
    return {
      experiment,
      turn: found.turn,
      variants: await Promise.all(
        variants.map(async (variant) => ({
          ...variant,
          settings: await this.#settings.get({ sessionId, revision: variant.revision }),
          responses: responses.filter(({ revision }) => revision === variant.revision),
        })),
      ),
    }
  }
}

/** The model's name, with a number when several variants ask that model. */
function defaultLabel(variants: readonly { modelName: string }[], index: number): string {
  const name = variants[index]?.modelName ?? ''
  const same = variants.flatMap(({ modelName }, at) => (modelName === name ? at : []))
  return same.length > 1 ? `${name} (${same.indexOf(index) + 1})` : name
}
