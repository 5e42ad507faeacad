import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { restoreText, storeText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import type { CallPart } from './call.ts'
import { toEnd, toStart } from './call-parts.ts'
import type { CallStore } from './call-store.ts'
import type { CompletedCallBody, EndedCallBody, StartedCallBody } from './schema.ts'

const MAX_DELETED_CALLS = 1000

type ArrivedPart = CallPart & { changes: 'all' | 'own' }
/** One entry of a batch: the beginning of a call, or its end. */
export type BatchEntry =
  | { mode: 'start'; req: { start: StartedCallBody } }
  | { mode: 'end'; req: { end: EndedCallBody } }
export type StartedCall = { id: string; trace_id: string }

/** Takes what clients say about calls, in any order and as often as they like. */
export class CallService {
  readonly #projects: WeaveProjects
  readonly #refs: RefAccess
  readonly #store: CallStore

  constructor(deps: { projects: WeaveProjects; refs: RefAccess; store: CallStore }) {
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#store = deps.store
  }

  /**
   * Stores a batch of beginnings and ends, all or nothing.
   *
   * @returns the ids of each beginning and nothing for each end, in the order of the batch.
   * @throws {WeaveError} | {ProjectNotFoundError} before anything is stored.
   */
  async upsertBatch(person: Person, batch: readonly BatchEntry[]): Promise<(StartedCall | Record<string, never>)[]> {
    const bodies = batch.map((entry) => (entry.mode === 'start' ? entry.req.start : entry.req.end))
    const accessTo = await this.#accessTo(person, bodies)
    const parts = batch.map((entry): ArrivedPart => {
      if (entry.mode === 'start') {
        const { callId, ...start } = toStart(entry.req.start)
        return part(accessTo(entry.req.start), callId, { start })
      }
      return part(accessTo(entry.req.end), storeText(entry.req.end.id), { end: toEnd(entry.req.end) })
    })
    await this.#store.add(parts)
    return parts.map(({ callId, start }) =>
      start ? { id: restoreText(callId), trace_id: restoreText(start.traceId) } : {},
    )
  }

  async start(person: Person, start: StartedCallBody): Promise<StartedCall> {
    const [started] = await this.upsertBatch(person, [{ mode: 'start', req: { start } }])
    return started as StartedCall
  }

  async end(person: Person, end: EndedCallBody): Promise<void> {
    await this.upsertBatch(person, [{ mode: 'end', req: { end } }])
  }

  /** Stores calls that have ended, all or nothing; throws like {@link upsertBatch}. */
  async complete(person: Person, batch: readonly CompletedCallBody[]): Promise<void> {
    const accessTo = await this.#accessTo(person, batch)
    await this.#store.add(
      batch.map((body) => {
        const { callId, ...start } = toStart(body)
        return part(accessTo(body), callId, { start, end: toEnd(body) })
      }),
    )
  }

  async rename(person: Person, projectName: string, callId: string, displayName: string | null): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    await this.#store.rename(storeText(callId), storeText(displayName ?? ''), changesOf(access))
  }

  /**
   * Removes calls and everything that they called.
   *
   * @throws {WeaveError} for more than 1,000 at once.
   */
  async remove(person: Person, projectName: string, callIds: readonly string[]): Promise<number> {
    if (callIds.length > MAX_DELETED_CALLS)
      throw new WeaveError(400, 'RequestTooLarge', `Cannot delete more than ${MAX_DELETED_CALLS} calls at once`)
    const access = await this.#projects.forWriting(person, projectName)
    return this.#store.remove(callIds.map(storeText), changesOf(access))
  }

  /** Who may write the projects of bodies, each looked up once; refs in them are checked on the way. */
  async #accessTo(person: Person, bodies: readonly { project_id: string }[]) {
    const known = new Map<string, ProjectAccess>()
    for (const { project_id } of bodies)
      if (!known.has(project_id)) known.set(project_id, await this.#projects.forWriting(person, project_id))
    const [first] = known.keys()
    if (first !== undefined) await this.#refs.check(person, first, bodies)
    // Every project of a body is in the map by now.
    return (body: { project_id: string }) => known.get(body.project_id) as ProjectAccess
  }
}

function part(access: ProjectAccess, callId: string, halves: Pick<Partial<CallPart>, 'start' | 'end'>): ArrivedPart {
  return {
    projectId: access.projectId,
    callId,
    wbUserId: access.person.handle,
    changes: access.changes,
    start: halves.start,
    end: halves.end,
  }
}

function changesOf({ projectId, person, changes }: ProjectAccess) {
  return { projectId, wbUserId: person.handle, changes }
}
