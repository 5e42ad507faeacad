import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import { checkMayShare, isStaff } from '../classes/sharing.ts'
import type { Answer } from '../practice/answer-store.ts'
import type { WindowService } from '../window/window.ts'
import {
  type FewShotDraft,
  type FewShotExample,
  MAX_EXAMPLES_PER_PERSON,
  MAX_TEXT_CHARACTERS,
  type Share,
} from './few-shot.ts'
import type { FewShotStore } from './store.ts'

/** How many examples an export holds in memory at a time. */
const EXPORTED_AT_ONCE = 100

/** Everybody's library of few-shot examples, and what classes may use of it. */
export class FewShotService {
  readonly #store: FewShotStore
  readonly #classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
  readonly #findAnswer: (personId: number, responseId: number) => Promise<Answer | undefined>
  readonly #catalog: Pick<ModelCatalog, 'find' | 'costOf'>
  readonly #windows: Pick<WindowService, 'count'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: FewShotStore
    classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
    findAnswer: (personId: number, responseId: number) => Promise<Answer | undefined>
    catalog: Pick<ModelCatalog, 'find' | 'costOf'>
    windows: Pick<WindowService, 'count'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#findAnswer = deps.findAnswer
    this.#catalog = deps.catalog
    this.#windows = deps.windows
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * The examples that a session's owner wants to use in a class, in the order wanted.
   *
   * Their own active ones, and active ones that are shared with the class. That the person may run in the class is
   * for the caller to check.
   *
   * @throws {InvalidRequestError} `duplicate_few_shot_example_ids`.
   * @throws {AppError} `invalid_few_shot_example_ids`, naming those that are unknown, somebody else's or inactive.
   */
  async getForUse(
    owner: Pick<Person, 'personId'>,
    classId: number,
    exampleIds: readonly number[],
  ): Promise<FewShotExample[]> {
    if (new Set(exampleIds).size < exampleIds.length)
      throw new InvalidRequestError('duplicate_few_shot_example_ids', 'An example can be used only once.')
    const usable = await this.listUsable(owner, classId, exampleIds)
    if (usable.length === exampleIds.length) return usable
    const missing = exampleIds.filter((id) => !usable.some((example) => example.exampleId === id))
    throw new AppError(
      'forbidden',
      'invalid_few_shot_example_ids',
      `These examples are inactive or not yours to use: ${missing.join(', ')}.`,
    )
  }

  /** Like `getForUse`, but leaves out what cannot be used (any more): for running a turn with links of earlier. */
  async listUsable(
    owner: Pick<Person, 'personId'>,
    classId: number,
    exampleIds: readonly number[],
  ): Promise<FewShotExample[]> {
    const found = await this.findMany(owner, classId, exampleIds)
    return found.filter((example) => example?.isActive === true) as FewShotExample[]
  }

  /**
   * The examples behind a session's links, one for each id, inactive ones too; null where there is none (any more)
   * that the session's owner may see.
   */
  async findMany(
    owner: Pick<Person, 'personId'>,
    classId: number,
    exampleIds: readonly number[],
  ): Promise<(FewShotExample | null)[]> {
    const found = new Map<number, FewShotExample>()
    for (const example of await this.#store.findMany(owner.personId, exampleIds)) found.set(example.exampleId, example)
    const others = exampleIds.filter((id) => !found.has(id))
    for (const example of await this.#store.findManyShared(classId, others)) found.set(example.exampleId, example)
    return exampleIds.map((id) => found.get(id) ?? null)
  }

  /** A page of one's own examples, newest first. */
  list(
    person: Person,
    query: { isActive?: boolean | undefined; search?: string | undefined; page: number; size: number },
  ): Promise<{ total: number; examples: FewShotExample[] }> {
    const { page, size, ...filter } = query
    return this.#store.list(person.personId, { ...filter, limit: size, offset: (page - 1) * size })
  }

  /** @throws {NotFoundError} if the example is not this person's. */
  async get(person: Person, exampleId: number): Promise<FewShotExample> {
    const found = await this.#store.find(person.personId, exampleId)
    if (!found) throw new NotFoundError('few shot example', exampleId)
    return found
  }

  /** @throws {AppError} `too_many_few_shot_examples`. */
  async create(person: Person, draft: FewShotDraft, source: FewShotExample['source'] = null): Promise<FewShotExample> {
    const [created] = await this.#insert(person, [draft], source)
    return created as FewShotExample
  }

  /**
   * Adds many examples, all or none.
   *
   * @returns how many.
   * @throws {AppError} `too_many_few_shot_examples`.
   */
  async import(person: Person, drafts: readonly FewShotDraft[]): Promise<number> {
    return (await this.#insert(person, drafts, null)).length
  }

  /** All of one's own examples in the order in which they were made, some at a time. */
  async *export(person: Person): AsyncGenerator<FewShotExample[]> {
    for (let last = 0; ; ) {
      const examples = await this.#store.listAfter(person.personId, last, EXPORTED_AT_ONCE)
      const end = examples.at(-1)
      if (!end) return
      yield examples
      last = end.exampleId
    }
  }

  /**
   * Changes what is given and leaves the rest.
   *
   * @throws {NotFoundError} if the example is not this person's.
   */
  async change(person: Person, exampleId: number, change: Partial<FewShotDraft>): Promise<FewShotExample> {
    if (Object.values(change).some((value) => value !== undefined))
      await this.#store.update(person.personId, exampleId, change, this.#now().toISOString())
    return this.get(person, exampleId)
  }

  /**
   * Removes an example. Sessions keep their links to it, which are skipped from now on; a turn keeps what it was
   * asked with.
   *
   * @throws {NotFoundError} if the example is not this person's.
   */
  async delete(person: Person, exampleId: number): Promise<void> {
    if (!(await this.#store.delete(person.personId, exampleId))) throw new NotFoundError('few shot example', exampleId)
  }

  /**
   * Makes an example of an answer in one of the person's own sessions.
   *
   * @throws {NotFoundError} if the session is not this person's.
   * @throws {AppError} `response_running`, `response_without_text`, `few_shot_example_too_long`.
   */
  async saveAnswer(person: Person, responseId: number, title: string | null): Promise<FewShotExample> {
    const answer = await this.#findAnswer(person.personId, responseId)
    if (!answer) throw new NotFoundError('response', responseId)
    if (answer.status === 'running')
      throw new AppError('conflict', 'response_running', 'The answer is still being written.')
    if (answer.text.trim() === '')
      throw new AppError('conflict', 'response_without_text', 'There is no text in this answer.')
    for (const [what, text] of [
      ['prompt', answer.promptText],
      ['answer', answer.text],
    ] as const)
      if (text.length > MAX_TEXT_CHARACTERS)
        throw new AppError(
          'unprocessable',
          'few_shot_example_too_long',
          `The ${what} has ${text.length} characters; an example takes at most ${MAX_TEXT_CHARACTERS}.`,
        )
    const { sessionId, turnId, modelName } = answer
    const meta = { response_id: responseId, session_id: sessionId, turn_id: turnId, model_name: modelName }
    return this.create(person, { title, inputText: answer.promptText, outputText: answer.text, meta, isActive: true })
  }

  /**
   * What an example adds to every request to a model.
   *
   * @returns tokens as the model's tokenizer counts them, `totalTokens` with what the chat format writes around the
   * two messages; `cost` in US dollars, null when the model has no price.
   * @throws {NotFoundError} if the example is not this person's.
   * @throws {InvalidRequestError} `unknown_model`.
   */
  async price(
    person: Person,
    exampleId: number,
    modelName: string,
  ): Promise<{ inputTokens: number; outputTokens: number; totalTokens: number; cost: number | null }> {
    const example = await this.get(person, exampleId)
    const model = this.#catalog.find(modelName)
    if (!model)
      throw new InvalidRequestError('unknown_model', `There is no model with the name ${JSON.stringify(modelName)}.`)
    const { messages } = await this.#windows.count(
      [
        { role: 'user', content: example.inputText },
        { role: 'assistant', content: example.outputText },
      ],
      { tokenizer: model.tokenizer, model: model.name },
    )
    const [inputTokens = 0, outputTokens = 0] = messages.map(({ parts }) => parts[0] ?? 0)
    const totalTokens = messages.reduce((sum, { tokens }) => sum + tokens, 0)
    // An example is part of the prompt, its answer too.
    const cost = this.#catalog.costOf(model, { inputTokens: totalTokens, outputTokens: 0 })
    return { inputTokens, outputTokens, totalTokens, cost }
  }

  /**
   * Lets a class use one's example; sharing again changes nothing.
   *
   * @throws {NotFoundError} if the example is not this person's, or they are not in the class.
   * @throws {AppError} `class_staff_only`, `class_not_active`.
   */
  async share(person: Person, exampleId: number, classId: number): Promise<Share> {
    await this.get(person, exampleId)
    await checkMayShare(this.#classes, person, classId)
    return this.#store.share(exampleId, {
      shareId: await this.#ids.take('few_shot_share'),
      classId,
      personId: person.personId,
      isActive: true,
      createdAt: this.#now().toISOString(),
    })
  }

  /**
   * Takes one's example back from a class, whatever one's role there is now; doing so again changes nothing.
   *
   * @throws {NotFoundError} if the example is not this person's or was never shared with the class.
   */
  async unshare(person: Person, exampleId: number, classId: number): Promise<Share> {
    await this.get(person, exampleId)
    const share = await this.#store.findShare(classId, exampleId)
    if (!share) throw new NotFoundError('share', exampleId)
    await this.#store.endShare(classId, exampleId)
    return { ...share, isActive: false }
  }

  /**
   * A page of what a class may use, newest first.
   *
   * @param query `activeOnly: false` also lists inactive ones, to those who teach or assist.
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   */
  async listShared(
    person: Person,
    classId: number,
    query: { activeOnly: boolean; page: number; size: number },
  ): Promise<{ total: number; examples: FewShotExample[] }> {
    const { role } = await this.#classes.getReadable(person, classId)
    return this.#store.listShared(classId, {
      activeOnly: query.activeOnly || !isStaff(person, role),
      limit: query.size,
      offset: (query.page - 1) * query.size,
    })
  }

  /**
   * Copies an example that is shared with a class into one's own library.
   *
   * @throws {NotFoundError} if the person is not in the class, or the class may not use the example (any more).
   * @throws {AppError} `too_many_few_shot_examples`.
   */
  async fork(
    person: Person,
    exampleId: number,
    { classId, title }: { classId: number; title: string | null },
  ): Promise<FewShotExample> {
    await this.#classes.getReadable(person, classId)
    const [shared] = await this.#store.findManyShared(classId, [exampleId])
    if (!shared?.isActive) throw new NotFoundError('few shot example', exampleId)
    const { inputText, outputText, meta } = shared
    const draft = { title: title ?? shared.title, inputText, outputText, meta, isActive: true }
    return this.create(person, draft, 'class_shared')
  }

  async #insert(
    person: Person,
    drafts: readonly FewShotDraft[],
    source: FewShotExample['source'],
  ): Promise<FewShotExample[]> {
    if (drafts.length === 0) return []
    const now = this.#now().toISOString()
    const firstId = await this.#ids.take('few_shot_example', drafts.length)
    const examples = drafts.map((draft, index) => ({
      ...draft,
      exampleId: firstId + index,
      personId: person.personId,
      source,
      createdAt: now,
      updatedAt: now,
      classIds: [],
    }))
    if (!(await this.#store.insert(person.personId, examples, MAX_EXAMPLES_PER_PERSON)))
      throw new AppError(
        'conflict',
        'too_many_few_shot_examples',
        `A library holds at most ${MAX_EXAMPLES_PER_PERSON} examples; delete some first.`,
      )
    return examples
  }
}
