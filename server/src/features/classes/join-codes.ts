import { randomInt } from 'node:crypto'
import type { IdAllocator } from '../../db/ids.ts'
import { InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { JoinCode, JoinCodeStore } from './join-code-store.ts'
import type { ClassService } from './service.ts'

/** Without those that people mix up when they copy a code from a blackboard: 0 O, 1 I L. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const CODE_CHARACTERS = 6
/** Nearly 900 million codes: meeting a used one several times in a row does not happen. */
const TRIES = 10

/** Codes with which people put themselves into a class. */
export class JoinCodes {
  readonly #store: JoinCodeStore
  readonly #classes: ClassService
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: { store: JoinCodeStore; classes: ClassService; ids: IdAllocator; now: () => Date }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Makes a code for students.
   *
   * @param given ISO 8601 UTC and a number of people; null is for ever, and any number.
   * @throws {NotFoundError} for the class.
   * @throws {AppError} `class_teachers_only`.
   * @throws {InvalidRequestError} `invalid_expires_at` in the past, `class_not_active` when the class has ended.
   */
  async create(
    person: Person,
    classId: number,
    given: { expiresAt: string | null; maxUses: number | null },
  ): Promise<JoinCode> {
    const { status, name } = await this.#classes.getTaught(person, classId)
    if (status === 'ended') throw hasEnded(name)
    const now = this.#now().toISOString()
    if (given.expiresAt !== null && given.expiresAt <= now)
      throw new InvalidRequestError('invalid_expires_at', 'A code cannot expire in the past.')
    const joinCode: JoinCode = {
      joinCodeId: await this.#ids.take('join_code'),
      classId,
      code: '',
      role: 'student',
      ...given,
      usedCount: 0,
      createdAt: now,
    }
    for (let tries = 0; tries < TRIES; tries++) {
      joinCode.code = newCode()
      if (await this.#store.insert(joinCode)) return joinCode
    }
    throw new Error('Every code that was tried is in use.')
  }

  /**
   * Newest first.
   *
   * @throws {NotFoundError} for the class.
   * @throws {AppError} `class_teachers_only`.
   */
  async list(person: Person, classId: number): Promise<JoinCode[]> {
    await this.#classes.getTaught(person, classId)
    return this.#store.list(classId)
  }

  /** @throws {NotFoundError} for the class or the code. @throws {AppError} `class_teachers_only`. */
  async delete(person: Person, classId: number, joinCodeId: number): Promise<void> {
    await this.#classes.getTaught(person, classId)
    if (!(await this.#store.delete(classId, joinCodeId))) throw new NotFoundError('join code', joinCodeId)
  }

  /**
   * Joins a class. Who is in it already stays what they are, and uses nothing up.
   *
   * @param typed as people type it: in small letters, with spaces or hyphens.
   * @returns the class's id.
   * @throws {InvalidRequestError} `invalid_code_format`, `invalid_or_expired_code`, `class_not_active` after its end.
   */
  async redeem(person: Person, typed: string): Promise<number> {
    const code = typed.replaceAll(/[\s-]/g, '').toUpperCase()
    if (!/^[A-Z0-9]{6}$/.test(code))
      throw new InvalidRequestError('invalid_code_format', `A code has ${CODE_CHARACTERS} letters and digits.`)
    const now = this.#now().toISOString()
    const joinCode = await this.#store.findByCode(code)
    if (!joinCode || this.statusOf(joinCode) !== 'active') {
      if (joinCode && (await this.#isMember(person, joinCode.classId))) return joinCode.classId
      throw invalidOrExpired()
    }
    const { status, name } = await this.#classes.getUnjoined(person, joinCode.classId)
    if (status === 'ended') throw hasEnded(name)
    if (!(await this.#store.redeem(joinCode, person.personId, now))) throw invalidOrExpired()
    return joinCode.classId
  }

  /** Whether a code can be used now, and why not. */
  statusOf({ expiresAt, maxUses, usedCount }: JoinCode): 'active' | 'expired' | 'used_up' {
    if (expiresAt !== null && expiresAt <= this.#now().toISOString()) return 'expired'
    return maxUses !== null && usedCount >= maxUses ? 'used_up' : 'active'
  }

  async #isMember(person: Person, classId: number): Promise<boolean> {
    return (await this.#classes.listForPerson(person)).some((one) => one.classId === classId)
  }
}

function newCode(): string {
  return Array.from({ length: CODE_CHARACTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

function invalidOrExpired(): InvalidRequestError {
  return new InvalidRequestError('invalid_or_expired_code', 'This code does not exist, or it can no longer be used.')
}

function hasEnded(name: string): InvalidRequestError {
  return new InvalidRequestError('class_not_active', `The class ${name} has ended.`)
}
