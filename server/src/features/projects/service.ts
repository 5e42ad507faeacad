import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import type { SessionList } from '../practice/session-list.ts'
import type { Project } from './project.ts'
import type { ProjectStore } from './store.ts'

/** Folders in which people keep their sessions. */
export class ProjectService {
  readonly #store: ProjectStore
  readonly #classes: Pick<ClassService, 'getReadable'>
  readonly #sessions: SessionList
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: ProjectStore
    classes: Pick<ClassService, 'getReadable'>
    sessions: SessionList
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#classes = deps.classes
    this.#sessions = deps.sessions
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Makes a project in a class, planned ones too.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {InvalidRequestError} `class_not_active` when it has ended.
   * @throws {AppError} `project_name_taken`.
   */
  async create(person: Person, given: { classId: number; name: string; description: string | null }): Promise<Project> {
    const { status, name: className } = await this.#classes.getReadable(person, given.classId)
    if (status === 'ended') throw new InvalidRequestError('class_not_active', `The class ${className} has ended.`)
    const now = this.#now().toISOString()
    const project = {
      projectId: await this.#ids.take('project'),
      personId: person.personId,
      ...given,
      createdAt: now,
      updatedAt: now,
    }
    if (!(await this.#store.insert(project))) throw nameTaken(given.name)
    return { ...project, sessionCount: 0, lastActivityAt: null }
  }

  /** @throws {NotFoundError} if the project is not this person's. */
  async getOwn(person: Person, projectId: number): Promise<Project> {
    const project = await this.#store.find(person.personId, projectId)
    if (!project) throw new NotFoundError('project', projectId)
    return project
  }

  /**
   * The project for a session in a class.
   *
   * @throws {NotFoundError} if the project is not this person's.
   * @throws {InvalidRequestError} `project_class_mismatch`.
   */
  async getForClass(person: Person, projectId: number, classId: number): Promise<Project> {
    const project = await this.getOwn(person, projectId)
    if (project.classId !== classId)
      throw new InvalidRequestError('project_class_mismatch', `The project ${project.name} belongs to another class.`)
    return project
  }

  /** A page of a person's projects, newest first. */
  list(person: Person, query: { classId?: number | undefined; page: number; size: number }) {
    return this.#store.list(person.personId, {
      classId: query.classId,
      limit: query.size,
      offset: (query.page - 1) * query.size,
    })
  }

  /**
   * @throws {NotFoundError} if the project is not this person's.
   * @throws {AppError} `project_name_taken`.
   */
  async update(
    person: Person,
    projectId: number,
    change: { name?: string | undefined; description?: string | null | undefined },
  ): Promise<Project> {
    const outcome = await this.#store.update(person.personId, projectId, change, this.#now().toISOString())
    if (outcome === 'not_found') throw new NotFoundError('project', projectId)
    if (outcome === 'name_taken') throw nameTaken(change.name ?? '')
    return this.getOwn(person, projectId)
  }

  /** Removes a project and keeps its sessions. @throws {NotFoundError} if it is not this person's. */
  async delete(person: Person, projectId: number): Promise<void> {
    await this.getOwn(person, projectId)
    await this.#store.delete(person.personId, projectId)
  }

  /** A page of the project's sessions, newest first. @throws {NotFoundError} if it is not this person's. */
  async listSessions(person: Person, projectId: number, query: Parameters<SessionList['list']>[1]) {
    const project = await this.getOwn(person, projectId)
    return { project, ...(await this.#sessions.list({ personId: person.personId, projectId }, query)) }
  }
}

function nameTaken(name: string): AppError {
  return new AppError('conflict', 'project_name_taken', `You have a project named ${name} in this class already.`)
}
