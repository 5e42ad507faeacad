import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AppError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { addDays, toCallTime } from './call-time.ts'
import type { RetentionStore } from './retention-store.ts'

/** What belongs to calls and goes with them; each call is named as it is stored. */
export type WithCalls = { removeOfCalls(projectId: number, callIds: readonly string[]): Promise<number> }

export type Pruned = { calls: number; feedback: number }

/** Few enough that others who write hardly wait, and that a pause in between lets them go first. */
const CALLS_PER_STEP = 500
const PAUSE_MS = 20

/** How often a server prunes by itself. */
const EVERY_MS = 6 * 3_600_000

/** For how long projects keep their calls, and removing what is older. */
export class Retention {
  readonly #projects: WeaveProjects
  readonly #store: RetentionStore
  readonly #feedback: WithCalls
  readonly #now: () => Date
  #timer: NodeJS.Timeout | undefined
  #underway: Promise<unknown> | undefined
  #isStopping = false

  constructor(deps: { projects: WeaveProjects; store: RetentionStore; feedback: WithCalls; now: () => Date }) {
    this.#projects = deps.projects
    this.#store = deps.store
    this.#feedback = deps.feedback
    this.#now = deps.now
  }

  /** Null when a project keeps its calls for ever. */
  async days(person: Person, projectName: string): Promise<number | null> {
    const { projectId } = await this.#projects.forReading(person, projectName)
    return (await this.#store.findDays(projectId)) ?? null
  }

  /**
   * Says for how many days a project keeps its calls; null for ever.
   *
   * @throws {AppError} `not_yours` when the person may only change what is their own there.
   */
  async set(person: Person, projectName: string, days: number | null): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    refuseUnlessStaff(access)
    if (days === null) await this.#store.clear(access.projectId)
    else await this.#store.set(access.projectId, days, person.handle, this.#now().toISOString())
  }

  /** Prunes every six hours, until it is stopped. */
  start(log: Pick<Logger, 'error'>): void {
    this.#timer = setInterval(() => {
      this.#underway ??= this.prune()
        .catch((error) => log.error({ err: error }, 'old calls could not be removed'))
        .finally(() => {
          this.#underway = undefined
        })
    }, EVERY_MS).unref()
  }

  /** Waits for the step that is under way; the next run goes on from there. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isStopping = true
    await this.#underway
  }

  /** Removes what every project keeps no longer, a little at a time; it can be stopped and begun again at any moment. */
  async prune(): Promise<Pruned> {
    const pruned = { calls: 0, feedback: 0 }
    const now = toCallTime(this.#now().toISOString()) ?? ''
    for (const { projectId, days } of await this.#store.list()) {
      const before = addDays(now, -days)
      if (before === null) continue
      while (!this.#isStopping) {
        const callIds = await this.#store.findOld(projectId, before, CALLS_PER_STEP)
        if (callIds.length === 0) break
        // Calls go last: whatever stops in between leaves calls that the next run finds again.
        pruned.feedback += await this.#feedback.removeOfCalls(projectId, callIds)
        await this.#store.removeCalls(projectId, callIds)
        pruned.calls += callIds.length
        await sleep(PAUSE_MS)
      }
    }
    return pruned
  }
}

function refuseUnlessStaff({ changes }: ProjectAccess): void {
  if (changes !== 'all')
    throw new AppError('forbidden', 'not_yours', 'Only those who teach the class say for how long its calls are kept.')
}
