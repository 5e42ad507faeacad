import { isDeepStrictEqual } from 'node:util'
import type { IdAllocator } from '../../../db/ids.ts'
import { AppError, NotFoundError } from '../../../errors.ts'
import type { Person } from '../../accounts/person.ts'
import type { SkillsetContent, SkillsetVersion } from '../skill.ts'
import { compareSkillsets, type Difference } from './compare.ts'
import { type SkillsetDrafts, skillsetChanged } from './draft-service.ts'
import type { RestoreStore, SkillRestoration } from './restore-store.ts'
import type { SkillStore } from './skill-store.ts'
import { contentOf, MAX_SKILLS_PER_PERSON, type SkillsetDraft, type VersionSummary } from './skillset.ts'
import type { VersionStore } from './version-store.ts'

/** A version by its number, the latest one, or what its author is working on. */
export type StateName = number | 'latest' | 'draft'

/** How often a change is tried again after somebody else's came first. */
const TRIES = 10

/** The versions of a skillset, for its author: looking at them, comparing, going back to one, keeping one. */
export class SkillsetVersions {
  readonly #store: VersionStore
  readonly #restoring: RestoreStore
  readonly #drafts: Pick<SkillsetDrafts, 'get'>
  readonly #skills: Pick<SkillStore, 'find' | 'countDrafts'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: VersionStore
    restoring: RestoreStore
    drafts: Pick<SkillsetDrafts, 'get'>
    skills: Pick<SkillStore, 'find' | 'countDrafts'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#restoring = deps.restoring
    this.#drafts = deps.drafts
    this.#skills = deps.skills
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * A page of the versions, newest first.
   *
   * @throws {NotFoundError} if the skillset is not this person's.
   */
  async list(
    person: Person,
    skillsetId: string,
    query: { limit: number; offset: number },
  ): Promise<{ total: number; versions: VersionSummary[] }> {
    await this.#drafts.get(person, skillsetId)
    return this.#store.list(skillsetId, query)
  }

  /** @throws {NotFoundError} if the skillset is not this person's or has no such version. */
  async get(person: Person, skillsetId: string, version: number | 'latest'): Promise<SkillsetVersion> {
    const { latestVersion } = await this.#drafts.get(person, skillsetId)
    const found = await this.#store.find(skillsetId, version === 'latest' ? latestVersion : version)
    if (!found) throw new NotFoundError('skillset version', version)
    return found
  }

  /**
   * What is not the same in two states.
   *
   * @throws {NotFoundError} if the skillset is not this person's or has no such version.
   */
  async compare(
    person: Person,
    skillsetId: string,
    { from, to }: { from: StateName; to: StateName },
  ): Promise<{ differences: Difference[]; isTruncated: boolean }> {
    const state = (name: StateName): Promise<SkillsetContent> =>
      name === 'draft' ? this.#contentOfDraft(person, skillsetId) : this.get(person, skillsetId, name)
    return compareSkillsets(await state(from), await state(to))
  }

  /**
   * Brings the draft back to a version, its skills included: one that says something else now is set back, one that is
   * gone is made anew. A changed skill that other skillsets use too stays as it is for them: this one gets a copy.
   *
   * @param ifRevision the revision of the draft that may be overwritten, when it must not be another.
   * @throws {NotFoundError} if the skillset is not this person's or has no such version.
   * @throws {AppError} `skillset_changed`, `too_many_skills`.
   */
  async restore(
    person: Person,
    skillsetId: string,
    version: number | 'latest',
    ifRevision: number | undefined,
  ): Promise<SkillsetDraft> {
    const earlier = await this.get(person, skillsetId, version)
    for (let tries = 0; tries < TRIES; tries++) {
      const draft = await this.#drafts.get(person, skillsetId)
      if (ifRevision !== undefined && draft.revision !== ifRevision) break
      const now = this.#now().toISOString()
      const skills = await Promise.all(earlier.skills.map((skill) => this.#planSkill(person, draft, skill, now)))
      const { name, description, instructions, answerFormat, modelName, demonstrations } = earlier
      const outcome = await this.#restoring.restore(
        draft,
        {
          ...{ name, description, instructions, answerFormat, modelName, demonstrations },
          skillIds: skills.map(({ skillId }) => skillId),
        },
        skills.flatMap(({ restoration }) => restoration ?? []),
        { most: MAX_SKILLS_PER_PERSON, now },
      )
      if (outcome === 'too_many')
        throw new AppError(
          'conflict',
          'too_many_skills',
          `A person has at most ${MAX_SKILLS_PER_PERSON} skills, and this version needs some that are gone.`,
        )
      if (outcome === 'restored') return this.#drafts.get(person, skillsetId)
    }
    throw skillsetChanged()
  }

  /**
   * Keeps a version however many are published after it; doing so again changes nothing.
   *
   * @throws {NotFoundError} if the skillset is not this person's or has no such version.
   */
  async pin(person: Person, skillsetId: string, version: number): Promise<void> {
    await this.#drafts.get(person, skillsetId)
    if (!(await this.#store.pin(skillsetId, version, { now: this.#now().toISOString() })))
      throw new NotFoundError('skillset version', version)
  }

  /**
   * Lets a version go when there are too many; doing so again changes nothing.
   *
   * @throws {NotFoundError} if the skillset is not this person's or has no such version.
   */
  async unpin(person: Person, skillsetId: string, version: number): Promise<void> {
    await this.#drafts.get(person, skillsetId)
    if (!(await this.#store.exists(skillsetId, version))) throw new NotFoundError('skillset version', version)
    await this.#store.unpin(skillsetId, version)
  }

  async #planSkill(
    person: Person,
    draft: SkillsetDraft,
    earlier: SkillsetVersion['skills'][number],
    now: string,
  ): Promise<{ skillId: number; restoration: SkillRestoration | undefined }> {
    const current = await this.#skills.find(person.personId, earlier.skillId)
    if (current && isDeepStrictEqual(contentOf(current), contentOf(earlier)))
      return { skillId: current.skillId, restoration: undefined }
    const isInDraft = draft.skills.some(({ skillId }) => skillId === earlier.skillId)
    const drafts = await this.#skills.countDrafts(person.personId, earlier.skillId)
    const content = { ...contentOf(earlier), tuned: current?.tuned ?? {} }
    if (current && drafts <= (isInDraft ? 1 : 0))
      return { skillId: current.skillId, restoration: { kind: 'set back', skill: current, content } }
    const skillId = current ? await this.#ids.take('skill') : earlier.skillId
    const skill = { ...content, skillId, personId: person.personId, revision: 1, createdAt: now, updatedAt: now }
    return { skillId, restoration: { kind: 'made anew', skill } }
  }

  async #contentOfDraft(person: Person, skillsetId: string): Promise<SkillsetContent> {
    const draft = await this.#drafts.get(person, skillsetId)
    const skills = await Promise.all(draft.skills.map(({ skillId }) => this.#skills.find(person.personId, skillId)))
    const found = skills.filter((skill) => skill !== undefined)
    return { ...draft, skills: found.map((skill) => ({ ...contentOf(skill), skillId: skill.skillId })) }
  }
}
