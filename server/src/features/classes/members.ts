import { AppError, NotFoundError } from '../../errors.ts'
import type { PeopleService } from '../accounts/people.ts'
import type { Person } from '../accounts/person.ts'
import type { SignInLinks } from '../accounts/sign-in-links.ts'
import type { ClassRole, ClassStatus, Membership } from './class.ts'
import type { Member, MemberStore } from './member-store.ts'
import { parseRoster } from './roster.ts'
import type { ClassService } from './service.ts'

/** A class that somebody is in, with who teaches it. */
export type Enrollment = Membership & { teachers: Member[] }

/** What became of a roster, and the tokens of one-time links for those it made, by person. */
export type RosterOutcome = Awaited<ReturnType<PeopleService['enrol']>> & { linkTokens: Map<number, string> }

/** Who is in a class and as what: teachers decide, assistants may look, students may leave. */
export class ClassMembers {
  readonly #store: MemberStore
  readonly #classes: ClassService
  readonly #people: PeopleService
  readonly #links: SignInLinks
  readonly #now: () => Date

  constructor(deps: {
    store: MemberStore
    classes: ClassService
    people: PeopleService
    links: SignInLinks
    now: () => Date
  }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#people = deps.people
    this.#links = deps.links
    this.#now = deps.now
  }

  /**
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {AppError} `class_staff_only`.
   */
  async list(
    person: Person,
    classId: number,
    query: { role?: ClassRole | undefined; search?: string | undefined; page: number; size: number },
  ): Promise<{ total: number; members: Member[] }> {
    await this.#classes.getStaffed(person, classId)
    return this.#store.list(classId, {
      role: query.role,
      search: query.search,
      limit: query.size,
      offset: (query.page - 1) * query.size,
    })
  }

  /**
   * Puts somebody who exists into a class.
   *
   * @throws {NotFoundError} for the class or the handle.
   * @throws {AppError} `class_teachers_only`, `already_member`.
   */
  async add(person: Person, classId: number, handle: string, role: ClassRole): Promise<Member> {
    const { name } = await this.#classes.getTaught(person, classId)
    const { personId } = await this.#people.getByHandle(handle)
    if (!(await this.#store.add(classId, personId, role, this.#now().toISOString())))
      throw new AppError('conflict', 'already_member', `${handle} is in ${name} already.`)
    return this.#get(classId, personId)
  }

  /**
   * @throws {NotFoundError} for the class or the member.
   * @throws {AppError} `class_teachers_only`, `last_teacher`.
   */
  async changeRole(person: Person, classId: number, memberId: number, role: ClassRole): Promise<Member> {
    await this.#classes.getTaught(person, classId)
    checkOutcome(await this.#store.changeRole(classId, memberId, role), memberId)
    return this.#get(classId, memberId)
  }

  /**
   * Takes somebody out of a class; what they have done in it stays theirs to read.
   *
   * @throws {NotFoundError} for the class or the member.
   * @throws {AppError} `class_teachers_only`, `last_teacher`.
   */
  async remove(person: Person, classId: number, memberId: number): Promise<void> {
    await this.#classes.getTaught(person, classId)
    checkOutcome(await this.#store.remove(classId, memberId), memberId)
  }

  /**
   * Leaves a class oneself.
   *
   * @throws {NotFoundError} if the person is not in it.
   * @throws {AppError} `last_teacher`.
   */
  async leave(person: Person, classId: number): Promise<void> {
    const outcome = await this.#store.remove(classId, person.personId)
    if (outcome === 'not_member') throw new NotFoundError('class', classId)
    checkOutcome(outcome, person.personId)
  }

  /**
   * Puts everybody of a CSV file into a class, all or nothing, and makes the people who do not exist.
   *
   * @param withLinks makes one-time sign-in links for those who did not exist: never for anybody else, or a teacher
   * could sign in as them.
   * @throws {NotFoundError} for the class.
   * @throws {AppError} `class_teachers_only`.
   * @throws {ValidationError} naming every line that is wrong.
   */
  async enrolRoster(person: Person, classId: number, csv: string, withLinks: boolean): Promise<RosterOutcome> {
    await this.#classes.getTaught(person, classId)
    const outcome = await this.#people.enrol(classId, parseRoster(csv))
    const made = withLinks ? outcome.created : []
    const tokens = await Promise.all(made.map((one) => this.#links.create(one)))
    return { ...outcome, linkTokens: new Map(made.map((one, index) => [one.personId, tokens[index]!])) }
  }

  /** A person's classes, oldest first, with who teaches them. */
  async enrollmentsOf(person: Person, status?: ClassStatus): Promise<Enrollment[]> {
    const all = await this.#classes.listForPerson(person)
    const memberships = status === undefined ? all : all.filter((one) => one.status === status)
    const teachers = await this.#store.listTeachers(memberships.map(({ classId }) => classId))
    return memberships.map((one) => ({
      ...one,
      teachers: teachers.filter(({ classId }) => classId === one.classId),
    }))
  }

  async #get(classId: number, personId: number): Promise<Member> {
    const member = await this.#store.find(classId, personId)
    if (!member) throw new NotFoundError('member', personId)
    return member
  }
}

function checkOutcome(outcome: Awaited<ReturnType<MemberStore['remove']>>, memberId: number): void {
  if (outcome === 'not_member') throw new NotFoundError('member', memberId)
  if (outcome === 'last_teacher')
    throw new AppError('conflict', 'last_teacher', 'A class keeps at least one teacher: give it another one first.')
}
