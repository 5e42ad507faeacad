import { setTimeout as sleep } from 'node:timers/promises'
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

/** For how long projects keep their calls, and removing what is older. */
export class Retention {
  readonly #projects: WeaveProjects
  readonly #store: RetentionStore
  readonly #feedback: WithCalls
  readonly #now: () => Date

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

  /** Removes what every project keeps no longer, a little at a time; it can be stopped and begun again at any moment. */
  async prune(): Promise<Pruned> {
    const pruned = { calls: 0, feedback: 0 }
    const now = toCallTime(this.#now().toISOString()) ?? ''
    for (const { projectId, days } of await this.#store.list()) {
      const before = addDays(now, -days)
      if (before === null) continue
      for (;;) {
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
