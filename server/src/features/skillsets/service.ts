import { NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import type { CredentialStore } from './authoring/credential-store.ts'
import { type Box, sealingContext } from './authoring/sealing.ts'
import type { VersionStore } from './authoring/version-store.ts'
import { originsOf } from './origins.ts'
import type { Credential, SkillContent, SkillsetVersion } from './skill.ts'
import { VersionCache } from './version-cache.ts'

const MAX_CACHED_CHARACTERS = 64 * 1024 * 1024

/** Skillsets for those who use them: published versions, the secrets that their calls need, and who needs which. */
export class SkillsetService {
  readonly #versions: VersionStore
  readonly #credentials: CredentialStore
  readonly #box: Pick<Box, 'open'>
  readonly #classes: Pick<ClassService, 'listForPerson'>
  readonly #now: () => Date
  readonly #cache = new VersionCache(MAX_CACHED_CHARACTERS)

  constructor(deps: {
    versions: VersionStore
    credentials: CredentialStore
    box: Pick<Box, 'open'>
    classes: Pick<ClassService, 'listForPerson'>
    now: () => Date
  }) {
    this.#versions = deps.versions
    this.#credentials = deps.credentials
    this.#box = deps.box
    this.#classes = deps.classes
    this.#now = deps.now
  }

  /**
   * A version for somebody who wants to ask it: its owner, an admin, or a member of an active class with which the
   * skillset is shared. Do not change what is returned: others get the same object.
   *
   * @throws {NotFoundError} `skillset_not_found`, also when it is not theirs to use; `skillset_version_not_found`.
   */
  async getRunnable(person: Person, skillsetId: string, version: number | 'latest'): Promise<SkillsetVersion> {
    const head = isSkillsetId(skillsetId) ? await this.#versions.findHead(skillsetId) : undefined
    if (!head || !(await this.#mayUse(person, skillsetId, head.ownerId)))
      throw new NotFoundError('skillset', skillsetId)
    const number = version === 'latest' ? head.latestVersion : version
    const isThere = number === head.latestVersion || (await this.#versions.exists(skillsetId, number))
    const found = isThere
      ? await this.#cache.get(skillsetId, number, () => this.#versions.find(skillsetId, number))
      : undefined
    if (!found) throw new NotFoundError('skillset version', version)
    return found
  }

  /**
   * The secrets with which a person calls a skill, at most one for each scheme: their own, or else those of the class.
   *
   * A secret goes only where it was meant to go: one that was set for other servers than those of this skill is left
   * out, so that whoever writes the skill cannot send it elsewhere.
   *
   * @param skill with all of its operations, as in the version that is used.
   * @param skill.classId the class in which it is called; without one, every active class of the person counts.
   * @returns secrets to make a call with; never show, store or log them.
   */
  async credentialsFor(
    person: Person,
    skill: Pick<SkillContent, 'source' | 'operations' | 'securitySchemes'> & { skillId: number; classId?: number },
  ): Promise<Credential[]> {
    if (skill.securitySchemes.length === 0) return []
    const origins = originsOf(skill)
    const usable = new Map<string, Credential>()
    for (const holder of [{ personId: person.personId }, ...(await this.#classesOf(person, skill.classId))])
      for (const credential of await this.#credentials.list(holder, skill.skillId)) {
        const { scheme, sealedSecret } = credential
        const isKnown = skill.securitySchemes.some(({ name }) => name === scheme)
        const isMeantFor = origins.every((origin) => credential.origins.includes(origin))
        if (!isKnown || !isMeantFor || usable.has(scheme)) continue
        const context = sealingContext(holder, { skillId: skill.skillId, scheme })
        usable.set(scheme, { scheme, secret: this.#box.open(sealedSecret, context) })
      }
    return [...usable.values()]
  }

  /**
   * Keeps a version for as long as something needs it, so that publishing others never deletes it; doing so again
   * changes nothing. That the version may be used is for the caller to check.
   *
   * @param holder who needs it, e.g. `agent 12` or `session 7`; `release` takes the same.
   * @throws {NotFoundError} `skillset_version_not_found`.
   */
  async hold(skillsetId: string, version: number, holder: string): Promise<void> {
    if (!(await this.#versions.pin(skillsetId, version, { holder, now: this.#now().toISOString() })))
      throw new NotFoundError('skillset version', version)
  }

  /** Lets go of every version that something needed. */
  release(holder: string): Promise<void> {
    return this.#versions.release(holder)
  }

  async #mayUse(person: Person, skillsetId: string, ownerId: number): Promise<boolean> {
    if (person.personId === ownerId || person.isAdmin) return true
    const classIds = (await this.#classesOf(person)).map(({ classId }) => classId)
    return classIds.length > 0 && this.#versions.isShared(skillsetId, classIds)
  }

  /** A person's active classes, or the one of them that is given; an admin counts as being in every class. */
  async #classesOf(person: Person, classId?: number): Promise<{ classId: number }[]> {
    const active = (await this.#classes.listForPerson(person)).filter(({ status }) => status === 'active')
    if (classId === undefined) return active.map((one) => ({ classId: one.classId }))
    return person.isAdmin || active.some((one) => one.classId === classId) ? [{ classId }] : []
  }
}

/** Whether a text has the shape of a skillset's id: 8 lowercase letters and digits. */
export function isSkillsetId(text: string): boolean {
  return /^[a-z0-9]{8}$/.test(text)
}
