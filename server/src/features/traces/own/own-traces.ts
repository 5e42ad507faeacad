import type { CompiledQuery } from 'kysely'
import type { Logger } from 'pino'
import type { IdAllocator } from '../../../db/ids.ts'
import type { Ending } from '../../../runs/run-store.ts'
import type { StoredCall, TraceParent } from '../../gateway/store.ts'
import { PRACTICE_PROJECT, type WeaveProjects } from '../../weave/project-access.ts'
import type { CallPart } from '../call.ts'
import type { TraceRecorder } from '../call-recorder.ts'
import type { CallStore } from '../call-store.ts'
import type { OwnCallIds } from './call-ids.ts'
import { gatewayCall } from './gateway-calls.ts'
import { practiceCalls } from './practice-calls.ts'
import type { SessionOwner, SessionOwners } from './session-owners.ts'
import { type SkillAnswer, skillAnswerCalls } from './skill-answers.ts'
import type { SpanExporter } from './span-exporter.ts'

const GATEWAY_PROJECT = 'gateway'
const SKILLSETS_PROJECT = 'skillsets'

/**
 * Writes Etude's own work down as calls, which are then found like everybody's: turns in the project `practice` of
 * their class, requests of the dialects in the projects `gateway` and `skillsets` of their person.
 *
 * The calls of turns and requests are committed together with what they tell of, so neither is ever there without the
 * other.
 */
export class OwnTraces {
  readonly #calls: Pick<CallStore, 'queries'>
  readonly #projects: Pick<WeaveProjects, 'ofOwnWork'>
  readonly #sessions: SessionOwners
  readonly #ids: OwnCallIds
  readonly #numbers: IdAllocator
  readonly #recorder: TraceRecorder
  readonly #exporter: SpanExporter | undefined
  readonly #log: Pick<Logger, 'error'>

  constructor(deps: {
    calls: Pick<CallStore, 'queries'>
    projects: Pick<WeaveProjects, 'ofOwnWork'>
    sessions: SessionOwners
    ids: OwnCallIds
    numbers: IdAllocator
    recorder: TraceRecorder
    exporter: SpanExporter | undefined
    log: Pick<Logger, 'error'>
  }) {
    this.#calls = deps.calls
    this.#projects = deps.projects
    this.#sessions = deps.sessions
    this.#ids = deps.ids
    this.#numbers = deps.numbers
    this.#recorder = deps.recorder
    this.#exporter = deps.exporter
    this.#log = deps.log
  }

  /** Spares looking up the owner of a session that has just begun. */
  rememberOwner(sessionId: number, owner: SessionOwner): void {
    this.#sessions.remember(sessionId, owner)
  }

  /** What stores answers that have ended; nothing when their session has been deleted meanwhile. */
  async ofEnding(ending: Ending): Promise<CompiledQuery[]> {
    const owner = await this.#sessions.find(ending.turn.sessionId)
    if (!owner) return []
    const { classId, classSlug: entity, handle: wbUserId } = owner
    const projectId = await this.#projects.ofOwnWork({ entity, classId }, PRACTICE_PROJECT)
    return this.#told(() => practiceCalls(ending, { projectId, wbUserId }, this.#ids), this.#inCommit) ?? []
  }

  /** What stores requests of the dialects, each in the project `gateway` of whoever sent it. */
  async ofGateway(calls: readonly StoredCall[]): Promise<CompiledQuery[]> {
    const projectIds = new Map<string, number>()
    for (const { handle } of calls)
      if (!projectIds.has(handle))
        projectIds.set(handle, await this.#projects.ofOwnWork({ entity: handle, classId: null }, GATEWAY_PROJECT))
    const describe = () =>
      calls.map((call) => gatewayCall(call, projectIds.get(call.handle) ?? 0, this.#ids.of('gateway', call.callId)))
    return this.#told(describe, this.#inCommit) ?? []
  }

  /** Begins the trace of a question to a skillset: what its requests are part of, and how to tell of its end. */
  async skillAnswer(handle: string): Promise<{ partOf: TraceParent; end: (answer: SkillAnswer) => void }> {
    const projectId = await this.#projects.ofOwnWork({ entity: handle, classId: null }, SKILLSETS_PROJECT)
    const number = await this.#numbers.take('skill_answer')
    const partOf = { projectId, callId: this.#ids.of('skillset', number) }
    return {
      partOf,
      end: (answer) => {
        const describe = () => skillAnswerCalls(answer, partOf, (index) => this.#ids.of('skillsetCall', number, index))
        this.#told(describe, (calls) => this.#recorder.record(calls))
      },
    }
  }

  /** Sends what waits to be exported. */
  async close(): Promise<void> {
    await this.#exporter?.close()
  }

  /** A mistake in what we say of our work must not take the work itself with it. */
  #told<Call extends CallPart, Written>(
    describe: () => Call[],
    write: (calls: readonly Call[]) => Written,
  ): Written | undefined {
    try {
      const calls = describe()
      this.#exporter?.add(calls)
      return write(calls)
    } catch (error) {
      this.#log.error({ err: error }, 'work could not be written down in the trace')
      return undefined
    }
  }

  readonly #inCommit = (calls: readonly CallPart[]): CompiledQuery[] => this.#calls.queries(calls, 'all')
}
