import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import { asOf, type Class, type ClassFields, type ClassRole, type ClassStatus } from './class.ts'
import type { ClassService } from './service.ts'
import type { ClassStore } from './store.ts'

/** A class with what lists of classes show besides. */
export type ListedClass = Class & {
  /** Of the reader; null when an admin looks at a class that is not theirs. */
  role: ClassRole | null
  memberCount: number
}

/** Making, changing and removing classes: admins make them, their teachers run them. */
export class ClassAdministration {
  readonly #store: ClassStore
  readonly #classes: ClassService
  readonly #catalog: Pick<ModelCatalog, 'find'>
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: ClassStore
    classes: ClassService
    catalog: Pick<ModelCatalog, 'find'>
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#catalog = deps.catalog
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /** A page of a person's classes, oldest first; admins see all. */
  async list(
    person: Person,
    query: { status?: ClassStatus | undefined; search?: string | undefined; page: number; size: number },
  ): Promise<{ total: number; classes: ListedClass[] }> {
    const now = this.#now().toISOString()
    const { total, classes } = await this.#store.list({
      personId: person.personId,
      all: person.isAdmin,
      status: query.status,
      search: query.search,
      now,
      limit: query.size,
      offset: (query.page - 1) * query.size,
    })
    return { total, classes: classes.map((one) => asOf(one, now)) }
  }

  /** @throws {NotFoundError} if the class does not exist or the person is not in it. */
  async get(person: Person, classId: number): Promise<ListedClass> {
    const found = await this.#classes.getReadable(person, classId)
    return { ...found, memberCount: await this.#store.countMembers(classId) }
  }

  /**
   * Makes a class, which the admin teaches until somebody else does.
   *
   * @param given without a `slug` one is made from the name.
   * @throws {AppError} `admins_only`, `slug_taken`.
   * @throws {InvalidRequestError} `unknown_model`, `invalid_dates`.
   */
  async create(person: Person, given: Omit<ClassFields, 'slug'> & { slug?: string | undefined }): Promise<ListedClass> {
    checkIsAdmin(person, 'make')
    checkDates(given)
    this.#checkModels(given)
    const classId = await this.#ids.take('class')
    const stored = {
      ...given,
      ...withPrimary(given.allowedModels, given.primaryModel),
      slug: given.slug ?? slugOf(given.name),
      classId,
      createdAt: this.#now().toISOString(),
    }
    let isStored = stored.slug !== '' && (await this.#store.insert(stored, person.personId))
    if (!isStored && given.slug === undefined) {
      stored.slug = `class-${classId}`
      isStored = await this.#store.insert(stored, person.personId)
    }
    if (!isStored) throw slugTaken(stored.slug)
    return this.get(person, classId)
  }

  /**
   * Changes what is given of a class; the rest stays.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {AppError} `class_teachers_only`, `slug_taken`.
   * @throws {InvalidRequestError} `unknown_model`, `invalid_dates`.
   */
  async update(person: Person, classId: number, change: Partial<ClassFields>): Promise<ListedClass> {
    const before = await this.#classes.getTaught(person, classId)
    this.#checkModels(change)
    const { startsAt = before.startsAt, endsAt = before.endsAt } = change
    checkDates({ startsAt, endsAt })
    const all = {
      ...change,
      // What depends on each other is written together, so that two who change one each leave a pair that fits.
      ...((change.startsAt !== undefined || change.endsAt !== undefined) && { startsAt, endsAt }),
      ...((change.allowedModels !== undefined || change.primaryModel !== undefined) && modelsAfter(before, change)),
    }
    if (!(await this.#store.update(classId, all))) throw slugTaken(change.slug ?? '')
    return this.get(person, classId)
  }

  /**
   * Removes a class in which nobody has practised.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {AppError} `admins_only`, `class_has_sessions`.
   */
  async delete(person: Person, classId: number): Promise<void> {
    const { name } = await this.#classes.getReadable(person, classId)
    checkIsAdmin(person, 'remove')
    if (!(await this.#store.delete(classId)))
      throw new AppError('conflict', 'class_has_sessions', `People have practised in ${name}: end it instead.`)
  }

  #checkModels({ allowedModels, primaryModel }: Partial<ClassModels>): void {
    for (const name of [...(allowedModels ?? []), ...(primaryModel ? [primaryModel] : [])])
      if (!this.#catalog.find(name))
        throw new InvalidRequestError('unknown_model', `There is no model named ${JSON.stringify(name)}.`)
  }
}

type ClassModels = Pick<ClassFields, 'allowedModels' | 'primaryModel'>

/** A primary that nobody named gives way when it is no longer allowed; one that was named is allowed by that. */
function modelsAfter(before: ClassModels, change: Partial<ClassModels>): ClassModels {
  const { allowedModels = before.allowedModels } = change
  if (change.primaryModel !== undefined) return withPrimary(allowedModels, change.primaryModel)
  const { primaryModel } = before
  const isStillAllowed = primaryModel !== null && (allowedModels === null || allowedModels.includes(primaryModel))
  return withPrimary(allowedModels, isStillAllowed ? primaryModel : null)
}

/** The primary is always allowed; without one it is the first that is. */
function withPrimary(allowedModels: string[] | null, primaryModel: string | null): ClassModels {
  if (allowedModels === null) return { allowedModels, primaryModel }
  const primary = primaryModel ?? allowedModels[0] ?? null
  const allowed = new Set(primary === null || allowedModels.includes(primary) ? [] : [primary])
  for (const name of allowedModels) allowed.add(name)
  return { allowedModels: [...allowed], primaryModel: primary }
}

function checkDates({ startsAt, endsAt }: Pick<ClassFields, 'startsAt' | 'endsAt'>): void {
  if (startsAt !== null && endsAt !== null && endsAt <= startsAt)
    throw new InvalidRequestError('invalid_dates', 'A class ends after it begins.')
}

function checkIsAdmin(person: Person, what: string): void {
  if (!person.isAdmin) throw new AppError('forbidden', 'admins_only', `Only administrators ${what} classes.`)
}

/** Empty when nothing of the name can be in an address. */
function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')
}

function slugTaken(slug: string): AppError {
  return new AppError('conflict', 'slug_taken', `Another class or a person is called ${slug} already.`)
}
