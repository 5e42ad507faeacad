import { InvalidRequestError, NotFoundError } from '../../../errors.ts'
import type { Person } from '../../accounts/person.ts'
import type { ClassService } from '../../classes/service.ts'
import { originsOf } from '../origins.ts'
import type { SecurityScheme, SkillContent } from '../skill.ts'
import type { CredentialStore } from './credential-store.ts'
import { type Box, sealingContext } from './sealing.ts'
import type { CredentialHolder, StoredCredential } from './skillset.ts'
import type { UsableSkills } from './usable-skills.ts'

/** A secret as people see it: never what it is, only by what it is recognised. */
export type ShownCredential = StoredCredential & {
  /** Whether it goes to the servers that the skill has now. */
  isUsable: boolean
}

const MIN_CHARACTERS_FOR_HINT = 12

/** The secrets that sign calls of skills in: a person's own, or a class's, which its teachers and assistants set. */
export class SkillCredentials {
  readonly #store: CredentialStore
  readonly #skills: Pick<UsableSkills, 'get'>
  readonly #box: Pick<Box, 'seal'>
  readonly #classes: Pick<ClassService, 'getStaffed'>
  readonly #now: () => Date

  constructor(deps: {
    store: CredentialStore
    skills: Pick<UsableSkills, 'get'>
    box: Pick<Box, 'seal'>
    classes: Pick<ClassService, 'getStaffed'>
    now: () => Date
  }) {
    this.#store = deps.store
    this.#skills = deps.skills
    this.#box = deps.box
    this.#classes = deps.classes
    this.#now = deps.now
  }

  /**
   * What is set, of the person or of a class.
   *
   * @throws {NotFoundError} if the skill is not one that this person may use, or they are not in the class.
   * @throws {AppError} `class_staff_only`.
   */
  async list(
    person: Person,
    skillId: number,
    classId: number | undefined,
  ): Promise<{ schemes: SecurityScheme[]; credentials: ShownCredential[] }> {
    const skill = await this.#skills.get(person, skillId)
    const holder = await this.#holder(person, classId)
    const credentials = await this.#store.list(holder, skillId)
    const origins = originsOf(skill)
    return {
      schemes: skill.securitySchemes,
      credentials: credentials.map(({ sealedSecret: _, ...credential }) => ({
        ...credential,
        isUsable: origins.every((origin) => credential.origins.includes(origin)),
      })),
    }
  }

  /**
   * Sets or replaces a secret. It will be sent to the servers that the skill has now, and to no others.
   *
   * @throws {NotFoundError} if the skill is not one that this person may use, or they are not in the class.
   * @throws {InvalidRequestError} `unknown_security_scheme`, `invalid_credential`.
   * @throws {AppError} `class_staff_only`.
   */
  async set(
    person: Person,
    skillId: number,
    { scheme, secret, classId }: { scheme: string; secret: string; classId: number | undefined },
  ): Promise<ShownCredential> {
    const skill = await this.#skills.get(person, skillId)
    const holder = await this.#holder(person, classId)
    const known = skill.securitySchemes.find(({ name }) => name === scheme)
    if (!known) throw unknownScheme(skill, scheme)
    checkSecret(known, secret)
    const credential: StoredCredential = {
      scheme,
      hint: hintOf(known, secret),
      origins: originsOf(skill),
      setBy: person.personId,
      setAt: this.#now().toISOString(),
    }
    const sealedSecret = this.#box.seal(secret, sealingContext(holder, { skillId, scheme }))
    await this.#store.put(holder, skillId, { ...credential, sealedSecret })
    return { ...credential, isUsable: true }
  }

  /**
   * @throws {NotFoundError} if the skill is not one that this person may use, they are not in the class, or nothing
   * is set.
   * @throws {AppError} `class_staff_only`.
   */
  async remove(person: Person, skillId: number, scheme: string, classId: number | undefined): Promise<void> {
    await this.#skills.get(person, skillId)
    const holder = await this.#holder(person, classId)
    if (!(await this.#store.delete(holder, skillId, scheme))) throw new NotFoundError('credential', scheme)
  }

  async #holder(person: Person, classId: number | undefined): Promise<CredentialHolder> {
    if (classId === undefined) return { personId: person.personId }
    await this.#classes.getStaffed(person, classId)
    return { classId }
  }
}

function unknownScheme({ securitySchemes }: SkillContent, scheme: string): InvalidRequestError {
  const names = securitySchemes.map(({ name }) => name).join(', ')
  return new InvalidRequestError(
    'unknown_security_scheme',
    `The skill has no security scheme ${scheme}; ${names ? `it has ${names}` : 'it has none at all'}.`,
  )
}

function checkSecret({ kind }: SecurityScheme, secret: string): void {
  // Line breaks would end a header, and no API can be meant to receive them.
  if ([...secret].some((character) => character < ' ' || character === '\x7f'))
    throw new InvalidRequestError('invalid_credential', 'A credential cannot hold line breaks or control characters.')
  if (kind === 'basic' && !secret.includes(':'))
    throw new InvalidRequestError('invalid_credential', 'Enter user name and password with a colon between them.')
}

/** The user's name, or the last four characters of what is long enough that they give nothing away. */
function hintOf({ kind }: SecurityScheme, secret: string): string {
  if (kind === 'basic') return `${secret.split(':', 1)[0]}:…`
  return secret.length < MIN_CHARACTERS_FOR_HINT ? '…' : `…${secret.slice(-4)}`
}
