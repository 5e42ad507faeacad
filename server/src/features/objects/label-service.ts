import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { WeaveError } from '../weave/weave-error.ts'
import type { LabelStore, Labels } from './label-store.ts'
import { checkAlias, checkTag } from './names.ts'
import { scopeOf } from './object-service.ts'
import type { ObjectStore } from './object-store.ts'

/** Tags and aliases of versions of objects, and who may set them. */
export class LabelService {
  readonly #labels: LabelStore
  readonly #objects: Pick<ObjectStore, 'find'>
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>

  constructor(deps: {
    labels: LabelStore
    objects: Pick<ObjectStore, 'find'>
    projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
  }) {
    this.#labels = deps.labels
    this.#objects = deps.objects
    this.#projects = deps.projects
  }

  /** @throws {WeaveError} for a word that is no tag, or a version that is not there or not the person's to change. */
  async addTags(person: Person, projectName: string, version: Version, tags: readonly string[]): Promise<void> {
    for (const tag of tags) checkTag(tag)
    await this.#labels.addTags(await this.#changeable(person, projectName, version), tags)
  }

  async removeTags(person: Person, projectName: string, version: Version, tags: readonly string[]): Promise<void> {
    await this.#labels.removeTags(await this.#changeable(person, projectName, version), tags)
  }

  /**
   * Makes aliases stand for a version, whatever they stood for before.
   *
   * @throws {WeaveError} for a word that is no alias, or a version that is not there or not the person's to change.
   */
  async setAliases(person: Person, projectName: string, version: Version, aliases: readonly string[]): Promise<void> {
    for (const alias of aliases) checkAlias(alias)
    const key = await this.#changeable(person, projectName, version)
    for (const alias of aliases) await this.#checkMayMove(person, projectName, version.objectId, alias)
    await this.#labels.setAliases(key, [...new Set(aliases)])
  }

  async removeAliases(
    person: Person,
    projectName: string,
    objectId: string,
    aliases: readonly string[],
  ): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    for (const alias of aliases) await this.#checkMayMove(person, projectName, objectId, alias)
    await this.#labels.removeAliases(access.projectId, objectId, aliases)
  }

  async list(person: Person, projectName: string): Promise<Labels> {
    return this.#labels.ofProject(scopeOf(await this.#projects.forReading(person, projectName)))
  }

  /** An alias is as much somebody's as the version that it stands for. */
  async #checkMayMove(person: Person, projectName: string, objectId: string, alias: string): Promise<void> {
    const access = await this.#projects.forWriting(person, projectName)
    const digest = await this.#labels.findAlias(access.projectId, objectId, alias)
    if (digest === undefined || access.changes === 'all') return
    const version = await this.#objects.find(scopeOf(access), objectId, { digest })
    if (version && !isTheirs(access, version.wbUserId)) throw notFound({ objectId, digest })
  }

  async #changeable(person: Person, projectName: string, { objectId, digest }: Version) {
    const access = await this.#projects.forWriting(person, projectName)
    const version = await this.#objects.find(scopeOf(access), objectId, { digest })
    if (!version || version.deletedAt !== null || !isTheirs(access, version.wbUserId))
      throw notFound({ objectId, digest })
    return { projectId: access.projectId, objectId, digest }
  }
}

type Version = { objectId: string; digest: string }

function isTheirs({ changes, person }: ProjectAccess, wbUserId: string): boolean {
  return changes === 'all' || wbUserId === person.handle
}

function notFound({ objectId, digest }: Version): WeaveError {
  return new WeaveError(404, 'NotFoundError', `Object version ${objectId}:${digest} not found`)
}
