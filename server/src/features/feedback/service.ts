import { v7 as uuidV7 } from 'uuid'
import type { Person } from '../accounts/person.ts'
import { printJson } from '../weave/exact-json.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { Operation, SortBy } from '../weave/query/query.ts'
import { checkPage } from '../weave/query/sort.ts'
import { storedTime } from '../weave/query/time.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { restoreJson, restoreText } from '../weave/stored-json.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import { Emoji } from './emoji.ts'
import type { Feedback, FeedbackDraft, JsonRecord } from './feedback.ts'
import { purgeIds } from './purge-ids.ts'
import { printGroupValue, rowPrinter } from './reply-rows.ts'
import { checkFeedback, checkLengths, checkPayloadSize, REACTION } from './rules.ts'
import type { FeedbackStore } from './store.ts'

const COUNT = 'count(*)'

/** What other features know of feedback: the specs of annotations, and the queues that they are made in. */
export type FeedbackAnnotations = {
  check(access: ProjectAccess, draft: FeedbackDraft): Promise<void>
  noteStored(access: ProjectAccess, feedback: Feedback): Promise<void>
}

export type FeedbackQuestion = {
  projectName: string
  fields: readonly string[] | null
  operation: Operation | null
  sortBy: readonly SortBy[] | null
  limit: number | null
  offset: number | null
}

/** What people, scorers and monitors say about calls and objects: Weave's feedback (weave.md §1). */
export class FeedbackService {
  readonly #store: FeedbackStore
  readonly #projects: WeaveProjects
  readonly #refs: RefAccess
  readonly #annotations: FeedbackAnnotations
  readonly #now: () => Date
  #emoji: Promise<Emoji> | undefined

  constructor(deps: {
    store: FeedbackStore
    projects: WeaveProjects
    refs: RefAccess
    annotations: FeedbackAnnotations
    now: () => Date
  }) {
    this.#store = deps.store
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#annotations = deps.annotations
    this.#now = deps.now
  }

  /**
   * Stores feedback, in the name of the person.
   *
   * @throws {WeaveError} when it breaks a rule of its type.
   * @throws {ProjectNotFoundError} when the project, or one that a ref in it names, is not the person's to see.
   */
  async create(person: Person, projectName: string, draft: FeedbackDraft): Promise<Feedback> {
    const access = await this.#projects.forWriting(person, projectName)
    const feedback = await this.#prepare(access, draft)
    feedback.rowId = await this.#store.takeRowIds(1)
    await this.#store.insert([feedback])
    await this.#noteStored(access, feedback)
    return feedback
  }

  /**
   * Stores several, all or none.
   *
   * @throws {WeaveError} whose reason names the first item that breaks a rule, from 0: `batch[2]: …`.
   */
  async createAll(
    person: Person,
    items: readonly { projectName: string; draft: FeedbackDraft }[],
  ): Promise<Feedback[]> {
    if (items.length === 0) return []
    const accesses = new Map<string, ProjectAccess>()
    const all: Feedback[] = []
    for (const [index, { projectName, draft }] of items.entries()) {
      try {
        const access = accesses.get(projectName) ?? (await this.#projects.forWriting(person, projectName))
        accesses.set(projectName, access)
        all.push(await this.#prepare(access, draft))
      } catch (error) {
        if (!(error instanceof WeaveError)) throw error
        throw new WeaveError(error.status, error.errorType, `batch[${index}]: ${error.message}`, error.extra)
      }
    }
    const firstRowId = await this.#store.takeRowIds(all.length)
    for (const [index, feedback] of all.entries()) feedback.rowId = firstRowId + index
    await this.#store.insert(all)
    for (const [index, feedback] of all.entries()) {
      const access = accesses.get(items[index]?.projectName ?? '')
      if (access) await this.#noteStored(access, feedback)
    }
    return all
  }

  /**
   * Stores feedback in the place of what has an id, at once, after all checks: what fails leaves the old as it was. There
   * need be no old one (weave.md §1.6).
   */
  async replace(person: Person, projectName: string, feedbackId: string, draft: FeedbackDraft): Promise<Feedback> {
    const access = await this.#projects.forWriting(person, projectName)
    const feedback = await this.#prepare(access, draft)
    feedback.rowId = await this.#store.takeRowIds(1)
    await this.#store.replace(access, [feedbackId], [feedback])
    await this.#noteStored(access, feedback)
    return feedback
  }

  /** Stores any number of feedback in the place of what has one of some ids, like {@link replace}. */
  async replaceAll(
    person: Person,
    projectName: string,
    ids: readonly string[],
    drafts: readonly FeedbackDraft[],
  ): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    const feedback = await Promise.all(drafts.map((draft) => this.#prepare(access, draft)))
    const firstRowId = feedback.length > 0 ? await this.#store.takeRowIds(feedback.length) : 0
    for (const [index, one] of feedback.entries()) one.rowId = firstRowId + index
    await this.#store.replace(access, ids, feedback)
  }

  /** The feedback of some types about some addresses that the person may see, oldest first. */
  async find(
    person: Person,
    projectName: string,
    { refs, types }: { refs: readonly string[]; types: readonly string[] },
  ): Promise<{ id: string; weaveRef: string; wbUserId: string; feedbackType: string; payload: JsonRecord }[]> {
    const access = await this.#projects.forReading(person, projectName)
    const { rows } = await this.#store.search(access, {
      operation: { op: 'and', operands: [isOneOf('weave_ref', refs), isOneOf('feedback_type', types)] },
      sortBy: [{ field: 'created_at', direction: 'asc' }],
      limit: null,
      offset: 0,
    })
    return rows.map((row) => ({
      id: restoreText(row.id),
      weaveRef: restoreText(row.weave_ref),
      wbUserId: row.wb_user_id,
      feedbackType: row.feedback_type,
      payload: restoreJson(row.payload) as JsonRecord,
    }))
  }

  /** Removes the feedback that a query names by its ids, as far as the person may; what is not there does no harm. */
  async purge(person: Person, projectName: string, operation: Operation): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    await this.#store.remove(access, [...new Set(purgeIds(operation))])
  }

  /** @returns the JSON of the reply, `{"result", "total_count"}`, with refs that the person cannot follow hidden. */
  async query(person: Person, question: FeedbackQuestion): Promise<string> {
    const access = await this.#projects.forReading(person, question.projectName)
    checkPage(question)
    const page = question.fields?.includes(COUNT)
      ? await this.#counts(access, question)
      : await this.#page(access, question)
    const [text = ''] = await this.#refs.mask(access, [printJson(page)])
    return text
  }

  async #page(access: ProjectAccess, question: FeedbackQuestion) {
    const print = rowPrinter(question.fields, question.projectName)
    const { rows, total } = await this.#store.search(access, {
      operation: question.operation,
      sortBy: question.sortBy ?? [],
      limit: question.limit,
      offset: question.offset ?? 0,
    })
    return { result: rows.map(print), total_count: total }
  }

  /** `count(*)` counts the rows for each combination of the other fields. */
  async #counts(access: ProjectAccess, { fields, operation, projectName, limit, offset }: FeedbackQuestion) {
    const named = fields ?? []
    const keys = named.filter((field) => field !== COUNT)
    rowPrinter(keys, projectName)
    if (keys.includes('*')) throw invalidRequest('count(*) cannot be asked for together with *')
    const groups = await this.#store.countGroups(access, operation, keys)
    const rows = groups.map(({ values, count }) =>
      Object.fromEntries(
        named.map((field) => [field, field === COUNT ? count : printGroupValue(values[keys.indexOf(field)])]),
      ),
    )
    const first = offset ?? 0
    return { result: rows.slice(first, limit === null ? undefined : first + limit), total_count: rows.length }
  }

  async #noteStored(access: ProjectAccess, feedback: Feedback): Promise<void> {
    if (feedback.queueId) await this.#annotations.noteStored(access, feedback)
  }

  /** Everything that can be refused is refused here. */
  async #prepare(access: ProjectAccess, draft: FeedbackDraft): Promise<Feedback> {
    await this.#refs.check(access.person, `${access.entity}/${access.project}`, draft)
    const span = checkFeedback(draft)
    checkLengths(draft)
    if (draft.annotationRef || draft.queueId) await this.#annotations.check(access, draft)
    const payload = draft.feedbackType === REACTION ? await this.#reaction(draft.payload) : draft.payload
    checkPayloadSize(payload)
    return {
      ...draft,
      id: draft.id ?? uuidV7(),
      payload,
      span,
      rowId: 0,
      projectId: access.projectId,
      wbUserId: access.person.handle,
      createdAt: storedTime(this.#now()),
    }
  }

  /** Names the emoji of a reaction, whatever names the client gave it (weave.md §1.4, item 13). */
  async #reaction(payload: FeedbackDraft['payload']): Promise<FeedbackDraft['payload']> {
    this.#emoji ??= Emoji.load()
    const emoji = await this.#emoji
    const given = String(payload.emoji)
    if (emoji.count(given) !== 1) throw invalidRequest('Value of emoji key in payload must be exactly one emoji')
    const detoned = emoji.detone(given)
    return { ...payload, alias: emoji.demojize(given), detoned, detoned_alias: emoji.demojize(detoned) }
  }
}

function isOneOf(field: string, values: readonly string[]): Operation {
  const list = values.map((value) => ({ op: 'literal' as const, value }))
  return { op: 'in', left: { op: 'field', field }, list }
}
