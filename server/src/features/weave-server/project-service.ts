import { AppError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import { internalProjectId } from '../objects/internal-refs.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { invalidRequest } from '../weave/weave-error.ts'

const STORED = ['trace', 'objects', 'tables', 'files'] as const
export type Stored = (typeof STORED)[number]

/** How many bytes of each kind a project takes. */
export type StorageBytes = { [kind in Stored]: (access: ProjectAccess) => Promise<number> }

/** What there is to say of projects as a whole. */
export class ProjectInfoService {
  readonly #projects: Pick<WeaveProjects, 'forReading'>
  readonly #storageBytes: StorageBytes

  constructor(deps: { projects: Pick<WeaveProjects, 'forReading'>; storageBytes: StorageBytes }) {
    this.#projects = deps.projects
    this.#storageBytes = deps.storageBytes
  }

  /** @returns bytes of what was asked for; @throws {WeaveError} when that is nothing. */
  async stats(person: Person, projectName: string, wanted: { [kind in Stored]: boolean }) {
    const kinds = STORED.filter((kind) => wanted[kind])
    if (kinds.length === 0)
      throw invalidRequest(
        'At least one of include_trace_storage_size, include_objects_storage_size, include_table_storage_size, ' +
          'or include_files_storage_size must be True',
      )
    const access = await this.#projects.forReading(person, projectName)
    const bytes: { [kind in Stored]: number } = { trace: 0, objects: 0, tables: 0, files: 0 }
    for (const kind of kinds) bytes[kind] = await this.#storageBytes[kind](access)
    return bytes
  }

  /** What clients put into refs before they compute digests; projects that are not there or not theirs are left out. */
  async internalIds(person: Person, names: readonly string[]): Promise<{ name: string; internalId: string }[]> {
    const found: { name: string; internalId: string }[] = []
    for (const name of names) {
      const projectId = await this.#findId(person, name)
      if (projectId !== 0) found.push({ name, internalId: internalProjectId(projectId) })
    }
    return found
  }

  async #findId(person: Person, name: string): Promise<number> {
    try {
      return (await this.#projects.forReading(person, name)).projectId
    } catch (error) {
      if (error instanceof AppError && error.code === 'project_not_found') return 0
      throw error
    }
  }
}
