import { isDeepStrictEqual } from 'node:util'
import type { IdAllocator } from '../../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../../errors.ts'
import type { Person } from '../../accounts/person.ts'
import type { SkillContent } from '../skill.ts'
import { checkNames } from './draft-service.ts'
import type { DraftStore } from './draft-store.ts'
import { humanNameOf, modelNameOf } from './skill-names.ts'
import type { ReadSkill, SkillReader, SkillText } from './skill-reader.ts'
import type { SkillStore } from './skill-store.ts'
import { type EditedSkill, MAX_SKILL_BYTES, MAX_SKILLS_PER_PERSON, type SkillSummary } from './skillset.ts'
import { carryOver, type OperationTuning, type TunedContent, tune } from './tuning.ts'

/** What an author says of a skill; what is left out stays, or is taken from the document. */
export type SkillChange = {
  nameForHuman?: string
  nameForModel?: string
  descriptionForHuman?: string
  descriptionForModel?: string
  operations?: OperationTuning[]
}

/** Operations that models may use of one skill at most: more do not fit beside each other into what models read. */
const MAX_ENABLED_OPERATIONS = 100
/** How often a change is tried again after somebody else's came first. */
const TRIES = 10

/** Skills: what an OpenAPI document or an MCP server offers, with what its author says of it. */
export class SkillService {
  readonly #store: SkillStore
  readonly #drafts: Pick<DraftStore, 'findNeighbours'>
  readonly #reader: Pick<SkillReader, 'read'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: SkillStore
    drafts: Pick<DraftStore, 'findNeighbours'>
    reader: Pick<SkillReader, 'read'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#drafts = deps.drafts
    this.#reader = deps.reader
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /** A page of one's own skills, newest first. */
  list(
    person: Person,
    query: { search?: string | undefined; limit: number; offset: number },
  ): Promise<{ total: number; skills: SkillSummary[] }> {
    return this.#store.list(person.personId, query)
  }

  /** @throws {NotFoundError} if the skill is not this person's. */
  async get(person: Person, skillId: number): Promise<EditedSkill> {
    const found = await this.#store.find(person.personId, skillId)
    if (!found) throw new NotFoundError('skill', skillId)
    return found
  }

  /**
   * Reads a document, or asks an MCP server, and keeps what it offers.
   *
   * When nothing is said of its operations, all are switched on if there are not more than 40, and none otherwise.
   *
   * @throws {ValidationError} with everything that is wrong with the document, when it cannot be used.
   * @throws {InvalidRequestError} `unknown_operations`, `too_many_operations`, `skill_too_large`.
   * @throws {AppError} `too_many_skills`.
   */
  async create(
    person: Person,
    text: SkillText,
    change: SkillChange,
    signal: AbortSignal,
  ): Promise<{ skill: EditedSkill } & Pick<ReadSkill, 'problems'>> {
    const read = await this.#reader.read(text, signal)
    const offered: TunedContent = {
      nameForHuman: humanNameOf(read.source.title),
      nameForModel: modelNameOf(read.source.title),
      descriptionForHuman: read.description,
      descriptionForModel: read.description,
      source: read.source,
      operations: read.operations,
      securitySchemes: read.securitySchemes,
      tuned: {},
    }
    const content = applyChange(offered, change)
    checkSize(content)
    const now = this.#now().toISOString()
    const skill: EditedSkill = {
      ...content,
      skillId: await this.#ids.take('skill'),
      personId: person.personId,
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    if (!(await this.#store.insert(skill, MAX_SKILLS_PER_PERSON)))
      throw new AppError(
        'conflict',
        'too_many_skills',
        `A person has at most ${MAX_SKILLS_PER_PERSON} skills; delete some first.`,
      )
    return { skill, problems: read.problems }
  }

  /**
   * Changes what is given and leaves the rest; the same content is no change.
   *
   * @param ifRevision the revision that the change is meant for, when it must not be another.
   * @throws {NotFoundError} if the skill is not this person's.
   * @throws {InvalidRequestError} `unknown_operations`, `too_many_operations`, `skill_too_large`, and
   * `duplicate_skill_names` when another skill of a skillset that it is in has the name.
   * @throws {AppError} `skill_changed` when `ifRevision` is not the latest.
   */
  change(person: Person, skillId: number, change: SkillChange, ifRevision: number | undefined): Promise<EditedSkill> {
    return this.#tryAgain(person, skillId, ifRevision, (skill) => applyChange(skill, change))
  }

  /**
   * Reads another state of the document, or asks the MCP server again, and keeps what was said of the skill and of
   * the operations that are still there. New operations are switched off.
   *
   * @throws what `create` and `change` throw.
   */
  async replaceDocument(
    person: Person,
    skillId: number,
    text: SkillText,
    ifRevision: number | undefined,
    signal: AbortSignal,
  ): Promise<{ skill: EditedSkill; added: string[]; removed: string[] } & Pick<ReadSkill, 'problems'>> {
    await this.get(person, skillId)
    const read = await this.#reader.read(text, signal)
    let added: string[] = []
    let removed: string[] = []
    const skill = await this.#tryAgain(person, skillId, ifRevision, (before) => {
      const carried = carryOver(before, read.operations)
      added = carried.added
      removed = carried.removed
      return {
        ...before,
        source: read.source,
        securitySchemes: read.securitySchemes,
        operations: carried.operations,
        tuned: carried.tuned,
      }
    })
    return { skill, added, removed, problems: read.problems }
  }

  /**
   * Removes a skill and everybody's secrets for it. Versions of skillsets keep what they have of it.
   *
   * @throws {NotFoundError} if the skill is not this person's.
   * @throws {AppError} `skill_in_use` while it is in a draft, in a latest version, or in one that is in use.
   */
  async delete(person: Person, skillId: number): Promise<void> {
    const needing = await this.#store.delete(person.personId, skillId)
    if (!needing) throw new NotFoundError('skill', skillId)
    if (needing.length > 0)
      throw new AppError('conflict', 'skill_in_use', `Skillsets use this skill: ${needing.join(', ')}.`)
  }

  async #tryAgain(
    person: Person,
    skillId: number,
    ifRevision: number | undefined,
    apply: (skill: EditedSkill) => TunedContent,
  ): Promise<EditedSkill> {
    for (let tries = 0; tries < TRIES; tries++) {
      const skill = await this.get(person, skillId)
      if (ifRevision !== undefined && skill.revision !== ifRevision) break
      const content = apply(skill)
      if (isDeepStrictEqual({ ...skill, ...content }, skill)) return skill
      checkSize(content)
      if (content.nameForHuman !== skill.nameForHuman || content.nameForModel !== skill.nameForModel)
        for (const neighbour of await this.#drafts.findNeighbours(person.personId, skillId))
          checkNames([neighbour, content])
      const now = this.#now().toISOString()
      if (await this.#store.update(skill, content, { after: skill.revision, now })) return this.get(person, skillId)
    }
    throw new AppError(
      'precondition_failed',
      'skill_changed',
      'Somebody else changed this skill meanwhile; look at it first.',
    )
  }
}

function applyChange(content: TunedContent, { operations, ...fields }: SkillChange): TunedContent {
  const tunings = operations ?? []
  const unknown = tunings
    .map(({ operationId }) => operationId)
    .filter((id) => !content.operations.some(({ operationId }) => operationId === id))
  if (unknown.length > 0)
    throw new InvalidRequestError('unknown_operations', `The skill has no such operations: ${unknown.join(', ')}.`)
  const tuned = tune({ ...content, ...fields }, tunings)
  const enabled = tuned.operations.filter(({ isEnabled }) => isEnabled).length
  if (enabled > MAX_ENABLED_OPERATIONS)
    throw new InvalidRequestError(
      'too_many_operations',
      `Models may use at most ${MAX_ENABLED_OPERATIONS} operations of a skill; ${enabled} are switched on.`,
    )
  return tuned
}

function checkSize(content: SkillContent): void {
  const bytes = Buffer.byteLength(JSON.stringify(content))
  if (bytes > MAX_SKILL_BYTES)
    throw new AppError(
      'too_large',
      'skill_too_large',
      `The skill takes ${bytes} bytes with all references resolved; at most ${MAX_SKILL_BYTES} are kept. Leave operations out of the document.`,
    )
}
