import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { IdAllocator } from '../../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../../errors.ts'
import type { Person } from '../../accounts/person.ts'
import type { ModelCatalog } from '../../catalog/catalog.ts'
import type { ClassService } from '../../classes/service.ts'
import { checkMayShare } from '../../classes/sharing.ts'
import { isSkillsetId } from '../service.ts'
import { MAX_SKILLS, MAX_VERSIONS } from '../skill.ts'
import type { DraftChange, DraftStore } from './draft-store.ts'
import type { PublishStore } from './publish-store.ts'
import type { ShareStore } from './share-store.ts'
import {
  type ChosenSkill,
  type DraftFields,
  MAX_SKILLSETS_PER_PERSON,
  type SharedSkillset,
  type SkillsetDraft,
  type SkillsetShare,
  type SkillsetSummary,
} from './skillset.ts'

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const ID_LENGTH = 8
/** How often a change is tried again after somebody else's came first. */
const TRIES = 10

/** Skillsets for their authors: drafts, publishing and sharing. */
export class SkillsetDrafts {
  readonly #store: DraftStore
  readonly #publishing: PublishStore
  readonly #shares: ShareStore
  readonly #classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
  readonly #catalog: Pick<ModelCatalog, 'find'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: DraftStore
    publishing: PublishStore
    shares: ShareStore
    classes: Pick<ClassService, 'getReadable' | 'getStaffed'>
    catalog: Pick<ModelCatalog, 'find'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#publishing = deps.publishing
    this.#shares = deps.shares
    this.#classes = deps.classes
    this.#catalog = deps.catalog
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /** A page of one's own skillsets, newest first. */
  list(
    person: Person,
    query: { search?: string | undefined; limit: number; offset: number },
  ): Promise<{ total: number; skillsets: SkillsetSummary[] }> {
    return this.#store.list(person.personId, query)
  }

  /**
   * A page of the published skillsets that a class may use, newest first.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   */
  async listShared(
    person: Person,
    classId: number,
    query: { limit: number; offset: number },
  ): Promise<{ total: number; skillsets: SharedSkillset[] }> {
    await this.#classes.getReadable(person, classId)
    return this.#shares.listShared(classId, query)
  }

  /** @throws {NotFoundError} if the skillset is not this person's. */
  async get(person: Person, skillsetId: string): Promise<SkillsetDraft> {
    const found = isSkillsetId(skillsetId) ? await this.#store.find(person.personId, skillsetId) : undefined
    if (!found) throw new NotFoundError('skillset', skillsetId)
    return found
  }

  /**
   * @throws {InvalidRequestError} for its skills, see `change`; `model_not_found`.
   * @throws {AppError} `too_many_skillsets`.
   */
  async create(person: Person, fields: DraftFields, skillIds: readonly number[]): Promise<SkillsetDraft> {
    this.#checkModel(fields.modelName)
    const now = this.#now().toISOString()
    for (;;) {
      const skills = await this.#getSkills(person, skillIds)
      const skillsetId = newSkillsetId()
      const outcome = await this.#store.insert(
        {
          ...fields,
          skillsetId,
          personId: person.personId,
          revision: 1,
          latestVersion: 0,
          skills,
          classIds: [],
          createdAt: now,
          updatedAt: now,
        },
        MAX_SKILLSETS_PER_PERSON,
      )
      if (outcome === 'too_many')
        throw new AppError(
          'conflict',
          'too_many_skillsets',
          `A person has at most ${MAX_SKILLSETS_PER_PERSON} skillsets; delete some first.`,
        )
      if (outcome === 'stored') return this.get(person, skillsetId)
    }
  }

  /**
   * Changes what is given of a draft and leaves the rest; the same content is no change.
   *
   * @param ifRevision the revision that the change is meant for, when it must not be another.
   * @throws {NotFoundError} if the skillset is not this person's.
   * @throws {InvalidRequestError} `too_many_skills`, `duplicate_skill_ids`, `unknown_skills`, `duplicate_skill_names`,
   * `model_not_found`.
   * @throws {AppError} `skillset_changed` when `ifRevision` is not the latest.
   */
  async change(
    person: Person,
    skillsetId: string,
    change: DraftChange,
    ifRevision: number | undefined,
  ): Promise<SkillsetDraft> {
    if (change.modelName !== undefined) this.#checkModel(change.modelName)
    for (let tries = 0; tries < TRIES; tries++) {
      const draft = await this.get(person, skillsetId)
      if (ifRevision !== undefined && draft.revision !== ifRevision) break
      if (change.skillIds) await this.#getSkills(person, change.skillIds)
      if (saysNothingNew(draft, change)) return draft
      const now = this.#now().toISOString()
      if (await this.#store.update(draft, change, { after: draft.revision, now })) return this.get(person, skillsetId)
    }
    throw skillsetChanged()
  }

  /**
   * Makes the draft the next version, with everything its skills say frozen in it; beyond 50 versions the oldest that
   * nobody needs goes.
   *
   * @param ifRevision the revision of the draft that is meant, when it must not be another.
   * @returns the number of the version.
   * @throws {NotFoundError} if the skillset is not this person's.
   * @throws {InvalidRequestError} `skillset_is_empty` when a model could call nothing, `duplicate_skill_names`.
   * @throws {AppError} `too_many_skillset_versions` when all of them are needed, `skillset_changed`.
   */
  async publish(person: Person, skillsetId: string, ifRevision: number | undefined): Promise<number> {
    for (let tries = 0; tries < TRIES; tries++) {
      const draft = await this.get(person, skillsetId)
      if (ifRevision !== undefined && draft.revision !== ifRevision) break
      checkNames(draft.skills)
      if (!draft.skills.some(({ enabledCount }) => enabledCount > 0))
        throw new InvalidRequestError(
          'skillset_is_empty',
          'Put in a skill with at least one operation that models may use, then publish.',
        )
      const outcome = await this.#publishing.publish(draft, { most: MAX_VERSIONS, now: this.#now().toISOString() })
      if (outcome === 'full')
        throw new AppError(
          'conflict',
          'too_many_skillset_versions',
          `A skillset has at most ${MAX_VERSIONS} versions, and all of this one are in use or pinned; unpin one first.`,
        )
      if (outcome !== 'changed') return outcome
    }
    throw skillsetChanged()
  }

  /**
   * Removes a skillset with all its versions.
   *
   * @throws {NotFoundError} if the skillset is not this person's.
   * @throws {AppError} `skillset_in_use` while something other than a pin needs one of its versions.
   */
  async delete(person: Person, skillsetId: string): Promise<void> {
    await this.get(person, skillsetId)
    const outcome = await this.#store.delete(person.personId, skillsetId)
    if (outcome === 'not_found') throw new NotFoundError('skillset', skillsetId)
    if (outcome === 'in_use')
      throw new AppError('conflict', 'skillset_in_use', 'An agent or a session uses a version of this skillset.')
  }

  /**
   * Lets a class use what one publishes; sharing again changes nothing.
   *
   * @throws {NotFoundError} if the skillset is not this person's, or they are not in the class.
   * @throws {AppError} `class_staff_only`, `class_not_active`.
   */
  async share(person: Person, skillsetId: string, classId: number): Promise<SkillsetShare> {
    await this.get(person, skillsetId)
    await checkMayShare(this.#classes, person, classId)
    return this.#shares.share({
      shareId: await this.#ids.take('skillset_share'),
      skillsetId,
      classId,
      personId: person.personId,
      isActive: true,
      createdAt: this.#now().toISOString(),
    })
  }

  /**
   * Takes one's skillset back from a class, whatever one's role there is now; doing so again changes nothing.
   *
   * @throws {NotFoundError} if the skillset is not this person's or was never shared with the class.
   */
  async unshare(person: Person, skillsetId: string, classId: number): Promise<SkillsetShare> {
    await this.get(person, skillsetId)
    const share = await this.#shares.findShare(classId, skillsetId)
    if (!share) throw new NotFoundError('share', skillsetId)
    await this.#shares.endShare(classId, skillsetId)
    return { ...share, isActive: false }
  }

  async #getSkills(person: Person, skillIds: readonly number[]): Promise<ChosenSkill[]> {
    if (skillIds.length > MAX_SKILLS)
      throw new InvalidRequestError('too_many_skills', `A skillset has at most ${MAX_SKILLS} skills.`)
    if (new Set(skillIds).size < skillIds.length)
      throw new InvalidRequestError('duplicate_skill_ids', 'A skill can be in a skillset only once.')
    const found = await this.#store.findSkills(person.personId, skillIds)
    const skills = skillIds.map((id) => found.find(({ skillId }) => skillId === id))
    const missing = skillIds.filter((_, index) => !skills[index])
    if (missing.length > 0)
      throw new InvalidRequestError('unknown_skills', `You have no such skills: ${missing.join(', ')}.`)
    checkNames(skills as ChosenSkill[])
    return skills as ChosenSkill[]
  }

  #checkModel(modelName: string | null): void {
    if (modelName === null) return
    const model = this.#catalog.find(modelName)
    if (!model) throw new InvalidRequestError('model_not_found', `There is no model named ${modelName}.`)
  }
}

/**
 * Makes sure that no two skills of a skillset are called the same, by people or by models.
 *
 * @throws {InvalidRequestError} `duplicate_skill_names`, naming the first such name.
 */
export function checkNames(skills: readonly Pick<ChosenSkill, 'nameForHuman' | 'nameForModel'>[]): void {
  for (const key of ['nameForHuman', 'nameForModel'] as const) {
    const names = skills.map((skill) => skill[key].toLowerCase())
    const twice = names.findIndex((name, index) => names.indexOf(name) < index)
    if (twice >= 0)
      throw new InvalidRequestError(
        'duplicate_skill_names',
        `Two skills of one skillset cannot both be called ${skills[twice]?.[key]}.`,
      )
  }
}

function saysNothingNew(draft: SkillsetDraft, { skillIds, ...fields }: DraftChange): boolean {
  const ids = draft.skills.map(({ skillId }) => skillId)
  return isDeepStrictEqual({ ...draft, ...fields }, draft) && isDeepStrictEqual(skillIds ?? ids, ids)
}

function newSkillsetId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)]).join('')
}

/** Somebody else was faster, or somebody looked at another state. */
export function skillsetChanged(): AppError {
  return new AppError(
    'precondition_failed',
    'skillset_changed',
    'Somebody else changed this skillset meanwhile; look at it first.',
  )
}
