import type { Person } from '../accounts/person.ts'
import type { Class, ClassRole } from '../classes/class.ts'
import type { ClassService } from '../classes/service.ts'
import type { ProjectOwner, ProjectStore } from './project-store.ts'
import { invalidRequest, ProjectNotFoundError } from './weave-error.ts'

/** What somebody may do in a project; `own` means rows whose `wb_user_id` is the person's handle. */
export type ProjectAccess = {
  /** 0, which no row has, when nothing was ever written to the project. */
  projectId: number
  entity: string
  project: string
  person: Person
  reads: 'all' | 'own'
  changes: 'all' | 'own'
}

/** Where Etude's own traces of class work are; students see only their own in it. */
export const PRACTICE_PROJECT = 'practice'

const PROJECT_NAME = /^([^/\0]{1,128})\/([^/\0]{1,128})$/

/**
 * Who may read and write which project.
 *
 * A project is called `entity/project` on the wire; an entity is a person's handle, the slug of a class, or whatever an
 * admin writes to. Teachers, assistants and admins read and change everything of a class; students read everything but
 * other people's practice, and change what is their own.
 */
export class WeaveProjects {
  readonly #store: ProjectStore
  readonly #classes: ClassService
  readonly #now: () => Date

  constructor(deps: { store: ProjectStore; classes: ClassService; now: () => Date }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#now = deps.now
  }

  /**
   * A project to be read; one that was never written to is empty.
   *
   * @throws {ProjectNotFoundError} when it is somebody else's, or of no entity.
   */
  async forReading(person: Person, projectName: string): Promise<ProjectAccess> {
    const { owner, ...access } = await this.#look(person, projectName)
    return { ...access, projectId: await this.#store.findId(owner, access.project) }
  }

  /**
   * A project to be written to, which is there afterwards.
   *
   * @throws {ProjectNotFoundError} when it is somebody else's, or of no entity.
   * @throws {WeaveError} when it is of a class that has ended or not begun.
   */
  async forWriting(person: Person, projectName: string): Promise<ProjectAccess> {
    const { owner, readOnlyBecause, ...access } = await this.#look(person, projectName)
    if (readOnlyBecause !== undefined) throw invalidRequest(readOnlyBecause)
    return { ...access, projectId: await this.#store.takeId(owner, access.project, this.#now().toISOString()) }
  }

  /** The project in which Etude writes down its own work for an entity; it is there afterwards. */
  ofOwnWork(owner: ProjectOwner, project: string): Promise<number> {
    return this.#store.takeId(owner, project, this.#now().toISOString())
  }

  /** Whether somebody may read a project, which may be missing or misspelt. */
  async canRead(person: Person, projectName: string): Promise<boolean> {
    try {
      await this.#look(person, projectName)
      return true
    } catch (error) {
      if (error instanceof ProjectNotFoundError) return false
      throw error
    }
  }

  async #look(
    person: Person,
    projectName: string,
  ): Promise<Omit<ProjectAccess, 'projectId'> & { owner: ProjectOwner; readOnlyBecause?: string }> {
    const [, entity, project] = PROJECT_NAME.exec(projectName) ?? []
    if (entity === undefined || project === undefined || !projectName.isWellFormed()) throw new ProjectNotFoundError()
    const access = { entity, project, person, reads: 'all', changes: 'all' } as const
    if (entity === person.handle) return { ...access, owner: { entity, classId: null } }
    const found = await this.#findClass(person, entity, project)
    if (!found) {
      if (person.isAdmin) return { ...access, owner: { entity, classId: null } }
      throw new ProjectNotFoundError()
    }
    if (found.role === null && !person.isAdmin) throw new ProjectNotFoundError()
    const isStaff = person.isAdmin || found.role !== 'student'
    return {
      ...access,
      ...(!isStaff && { changes: 'own' }),
      ...(!isStaff && project === PRACTICE_PROJECT && { reads: 'own' }),
      owner: { entity, classId: found.classId },
      ...(found.status !== 'active' && {
        readOnlyBecause: `The class ${found.name} ${found.status === 'ended' ? 'has ended' : 'has not begun yet'}.`,
      }),
    }
  }

  async #findClass(
    person: Person,
    entity: string,
    project: string,
  ): Promise<(Class & { role: ClassRole | null }) | undefined> {
    const found = await this.#classes.findBySlug(person, entity)
    if (found) return found
    const formerClassId = await this.#store.findFormerClass(entity, project)
    return formerClassId === undefined ? undefined : this.#classes.findById(person, formerClassId)
  }
}
