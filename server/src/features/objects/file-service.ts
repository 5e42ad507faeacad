import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { storedTime } from '../weave/query/time.ts'
import { storeText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import { bytesDigest } from './digest.ts'
import type { FileStore } from './file-store.ts'
import { digestMismatch } from './object-service.ts'

/** Files that objects and calls are made of: code of ops, images, recordings. */
export class FileService {
  readonly #store: FileStore
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
  readonly #now: () => Date

  constructor(deps: {
    store: FileStore
    projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
    now: () => Date
  }) {
    this.#store = deps.store
    this.#projects = deps.projects
    this.#now = deps.now
  }

  /** @throws {WeaveError} 409 when the digest is not the one expected. */
  async create(
    person: Person,
    projectName: string,
    { content, expectedDigest }: { content: Buffer; expectedDigest: string | null },
  ): Promise<{ digest: string }> {
    const access = await this.#projects.forWriting(person, projectName)
    const digest = bytesDigest(content)
    if (expectedDigest !== null && expectedDigest !== digest) throw digestMismatch(expectedDigest, digest)
    await this.#store.store(access.projectId, digest, content, storedTime(this.#now()))
    return { digest }
  }

  /** @throws {WeaveError} 404 when it is not in the project. */
  async read(person: Person, projectName: string, digest: string): Promise<Buffer> {
    const { projectId } = await this.#projects.forReading(person, projectName)
    const content = await this.#store.find(projectId, digest)
    if (!content) throw new WeaveError(404, 'NotFoundError', `File ${digest} not found`)
    return content
  }

  /** A file of the project; undefined when it is not in it. */
  async find({ projectId }: Pick<ProjectAccess, 'projectId'>, digest: string): Promise<Buffer | undefined> {
    return this.#store.find(projectId, storeText(digest))
  }

  async totalBytes(person: Person, projectName: string): Promise<number> {
    return this.storageBytes(await this.#projects.forReading(person, projectName))
  }

  async storageBytes({ projectId }: Pick<ProjectAccess, 'projectId'>): Promise<number> {
    return this.#store.storageBytes(projectId)
  }
}
