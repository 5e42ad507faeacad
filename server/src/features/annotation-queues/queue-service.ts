import { v7 as uuidV7 } from 'uuid'
import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { byCodePoint } from '../weave/python-json.ts'
import { checkPage } from '../weave/query/sort.ts'
import { storedTime } from '../weave/query/time.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import type { ItemStore, QueueScope } from './item-store.ts'
import type { AnnotationQueue, ItemFilter, ItemOrder, Progress, QueuedCall, QueueItem } from './queue.ts'
import type { QueueStore } from './queue-store.ts'

/** Those of the calls that are in the project and that the person may see, in no order. */
export type FindCalls = (person: Person, projectName: string, callIds: readonly string[]) => Promise<QueuedCall[]>

type Page = { limit: number | null; offset: number | null }
export type QueueOrder = { field: 'id' | 'name' | 'created_at' | 'updated_at'; direction: 'asc' | 'desc' }

/** Annotation queues: which calls people look at, what they are asked, and how far they are (weave.md §1.12). */
export class QueueService {
  readonly #queues: QueueStore
  readonly #items: ItemStore
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
  readonly #refs: Pick<RefAccess, 'check' | 'mask'>
  readonly #findCalls: FindCalls
  readonly #now: () => Date

  constructor(deps: {
    queues: QueueStore
    items: ItemStore
    projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
    refs: Pick<RefAccess, 'check' | 'mask'>
    findCalls: FindCalls
    now: () => Date
  }) {
    this.#queues = deps.queues
    this.#items = deps.items
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#findCalls = deps.findCalls
    this.#now = deps.now
  }

  /** @returns the new queue's id. */
  async create(
    person: Person,
    projectName: string,
    draft: Pick<AnnotationQueue, 'name' | 'description' | 'scorerRefs'>,
  ): Promise<string> {
    await this.#refs.check(person, projectName, draft.scorerRefs)
    const access = await this.#projects.forWriting(person, projectName)
    const now = storedTime(this.#now())
    const queueId = uuidV7()
    await this.#queues.insert(access.projectId, {
      ...draft,
      queueId,
      createdBy: person.handle,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    })
    return queueId
  }

  /**
   * The queues of a project, newest first unless ordered otherwise.
   *
   * @param query.name a part of the name, capitals or not.
   */
  async list(
    person: Person,
    projectName: string,
    query: Page & { name: string | null; order: readonly QueueOrder[] },
  ): Promise<AnnotationQueue[]> {
    checkPage(query)
    const access = await this.#projects.forReading(person, projectName)
    const part = query.name?.toLowerCase() ?? ''
    const found = (await this.#queues.list(access.projectId)).filter(({ name }) => name.toLowerCase().includes(part))
    if (query.order.length > 0) found.sort(by(query.order))
    const first = query.offset ?? 0
    const page = found.slice(first, query.limit === null ? undefined : first + query.limit)
    return Promise.all(page.map((queue) => this.#masked(access, queue)))
  }

  /** @throws {WeaveError} 404 `Queue {id} not found`. */
  async read(person: Person, projectName: string, queueId: string): Promise<AnnotationQueue> {
    const access = await this.#projects.forReading(person, projectName)
    return this.#masked(access, await this.#get(access, queueId))
  }

  /**
   * Changes a queue; what is undefined stays.
   *
   * @throws {WeaveError} 404 when it is not there, deleted, or not the person's to change.
   */
  async update(
    person: Person,
    projectName: string,
    queueId: string,
    change: Partial<Pick<AnnotationQueue, 'name' | 'description' | 'scorerRefs'>>,
  ): Promise<AnnotationQueue> {
    await this.#refs.check(person, projectName, change.scorerRefs ?? [])
    const { access, queue } = await this.#getChangeable(person, projectName, queueId)
    if (Object.keys(change).length === 0) return this.#masked(access, queue)
    const updatedAt = storedTime(this.#now())
    await this.#queues.update(access.projectId, queue.queueId, change, updatedAt)
    return this.#masked(access, { ...queue, ...change, updatedAt })
  }

  /** Deletes a queue; what was said in it stays. @throws {WeaveError} 404 as `update` does. */
  async delete(person: Person, projectName: string, queueId: string): Promise<AnnotationQueue> {
    const { access, queue } = await this.#getChangeable(person, projectName, queueId)
    const deletedAt = storedTime(this.#now())
    await this.#queues.delete(access.projectId, queue.queueId, deletedAt)
    return this.#masked(access, { ...queue, updatedAt: deletedAt, deletedAt })
  }

  /**
   * Adds calls in the order given, each once; calls that are not there, or not the person's to see, are left out.
   *
   * @returns how many were added, and how many of those named were in the queue already.
   */
  async addCalls(
    person: Person,
    projectName: string,
    queueId: string,
    { callIds, displayFields }: { callIds: readonly string[]; displayFields: readonly string[] },
  ): Promise<{ added: number; duplicates: number }> {
    const access = await this.#projects.forWriting(person, projectName)
    const scope = await this.#scope(access, queueId)
    const named = [...new Set(callIds)]
    const present = await this.#items.findCallIds(scope, named)
    const missing = named.filter((callId) => !present.has(callId))
    const calls = new Map<string, QueuedCall>()
    if (missing.length > 0)
      for (const call of await this.#findCalls(person, projectName, missing)) calls.set(call.callId, call)
    const items = missing.flatMap((callId) => {
      const call = calls.get(callId)
      return call ? [{ itemId: uuidV7(), call }] : []
    })
    const now = storedTime(this.#now())
    const added = await this.#items.insert(scope, items, { displayFields, addedBy: person.handle, now })
    return { added, duplicates: callIds.length - missing.length + (items.length - added) }
  }

  async listItems(
    person: Person,
    projectName: string,
    queueId: string,
    query: Page & { filter: ItemFilter; order: readonly ItemOrder[] },
  ): Promise<QueueItem[]> {
    checkPage(query)
    const access = await this.#projects.forReading(person, projectName)
    return this.#items.list(await this.#scope(access, queueId), query.filter, query.order, query)
  }

  /** Of every queue asked for, one that is not there has no items. */
  async stats(person: Person, projectName: string, queueIds: readonly string[]) {
    const access = await this.#projects.forReading(person, projectName)
    const counts = await this.#items.count(access.projectId, queueIds, ownCallsOnly(access))
    return queueIds.map((queueId) => ({ queueId, ...(counts.get(queueId) ?? { total: 0, done: 0 }) }))
  }

  /**
   * Says how far the person is with an item.
   *
   * One can begin an item that one has not begun, and complete or skip it from there or at once; the same again changes
   * nothing, everything else is refused.
   */
  async setProgress(
    person: Person,
    projectName: string,
    { queueId, itemId, state }: { queueId: string; itemId: string; state: string },
  ): Promise<QueueItem> {
    if (!isProgress(state))
      throw invalidRequest(`Invalid annotation_state '${state}'. Must be one of: completed, in_progress, skipped`)
    const access = await this.#projects.forWriting(person, projectName)
    const scope = await this.#scope(access, queueId)
    await this.#getItem(scope, itemId)
    const current = await this.#items.findProgress(scope, itemId, person.handle)
    if (current !== state) {
      checkTransition(current, state)
      const now = storedTime(this.#now())
      await this.#items.setProgress(scope, { itemId, annotator: person.handle, state, now }, { onlyIfNone: false })
    }
    return this.#getItem(scope, itemId)
  }

  /** @throws {WeaveError} 400 when feedback cannot have been given in this queue (weave.md §1.4, item 11). */
  async checkForFeedback({ projectId }: Pick<ProjectAccess, 'projectId'>, queueId: string): Promise<void> {
    if (!(await this.#queues.find(projectId, queueId)))
      throw invalidRequest(`Queue ${queueId} not found or has been deleted`)
  }

  /**
   * Notes that somebody has said something about a call in a queue: they have begun it, if it is in the queue and they
   * had not before. Whether they are done with it is theirs to say.
   */
  async noteFeedback(access: ProjectAccess, queueId: string, callId: string): Promise<void> {
    const scope = { projectId: access.projectId, queueId }
    const [item] = await this.#items.list(scope, { ...EVERYTHING, callId }, [], { limit: 1, offset: null })
    if (!item) return
    const progress = { itemId: item.itemId, annotator: access.person.handle, state: 'in_progress' as const }
    await this.#items.setProgress(scope, { ...progress, now: storedTime(this.#now()) }, { onlyIfNone: true })
  }

  async #get({ projectId }: ProjectAccess, queueId: string, reason = `Queue ${queueId} not found`) {
    const queue = await this.#queues.find(projectId, queueId)
    if (!queue) throw new WeaveError(404, 'NotFoundError', reason)
    return queue
  }

  async #getChangeable(person: Person, projectName: string, queueId: string) {
    const access = await this.#projects.forWriting(person, projectName)
    const reason = `Queue ${queueId} not found or already deleted`
    const queue = await this.#get(access, queueId, reason)
    if (access.changes === 'own' && queue.createdBy !== person.handle)
      throw new WeaveError(404, 'NotFoundError', reason)
    return { access, queue }
  }

  async #scope(access: ProjectAccess, queueId: string): Promise<QueueScope> {
    const queue = await this.#get(access, queueId)
    return { projectId: access.projectId, queueId: queue.queueId, callUserId: ownCallsOnly(access) }
  }

  async #getItem(scope: QueueScope, itemId: string): Promise<QueueItem> {
    const [item] = await this.#items.list(scope, { ...EVERYTHING, itemId }, [], { limit: 1, offset: null })
    if (!item) throw invalidRequest(`Queue item '${itemId}' not found in queue '${scope.queueId}'`)
    return item
  }

  /** Without refs into projects that the person cannot read. */
  async #masked(access: ProjectAccess, queue: AnnotationQueue): Promise<AnnotationQueue> {
    const [text = '[]'] = await this.#refs.mask(access, [JSON.stringify(queue.scorerRefs)])
    return { ...queue, scorerRefs: JSON.parse(text) }
  }
}

const EVERYTHING: ItemFilter = {
  itemId: null,
  callId: null,
  opName: null,
  traceId: null,
  addedBy: null,
  states: [],
}

/** In Etude's own traces students see only their own calls, in queues as well. */
function ownCallsOnly({ reads, person }: ProjectAccess): string | undefined {
  return reads === 'own' ? person.handle : undefined
}

function isProgress(state: string): state is Progress {
  return state === 'in_progress' || state === 'completed' || state === 'skipped'
}

function checkTransition(current: Progress | undefined, next: Progress): void {
  if (current === undefined) return
  if (next === 'in_progress')
    throw invalidRequest(
      "Cannot transition to 'in_progress' when a record already exists. 'in_progress' can only be set on new items.",
    )
  if (current !== 'in_progress')
    throw invalidRequest(
      `Invalid state transition from '${current}' to '${next}'. ` +
        "Only transitions from 'in_progress' or 'unstarted' are allowed.",
    )
}

function by(order: readonly QueueOrder[]): (a: AnnotationQueue, b: AnnotationQueue) => number {
  return (a, b) => {
    for (const { field, direction } of order) {
      const result = byCodePoint(KEYS[field](a), KEYS[field](b))
      if (result !== 0) return direction === 'asc' ? result : -result
    }
    return byCodePoint(a.queueId, b.queueId)
  }
}

const KEYS: { [field in QueueOrder['field']]: (queue: AnnotationQueue) => string } = {
  id: ({ queueId }) => queueId,
  name: ({ name }) => name,
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
}
