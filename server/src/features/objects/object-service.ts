import type { Person } from '../accounts/person.ts'
import { type Json, JsonText, parseExactJson } from '../weave/exact-json.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { storedTime } from '../weave/query/time.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { restoreJson, restoreJsonText, storeJson, storeText } from '../weave/stored-json.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import { valueDigest } from './digest.ts'
import { withInternalRefs } from './internal-refs.ts'
import type { LabelStore, Labels } from './label-store.ts'
import { checkObjectName, versionIndexOf } from './names.ts'
import type { ObjectFilter, ObjectOrder, ObjectVersion, Page, Scope, WantedVersion } from './object.ts'
import { checkFileNames, classify } from './object-class.ts'
import type { ObjectStore } from './object-store.ts'

const MAX_DELETED_AT_ONCE = 100

/** Named objects and their versions, each called by the digest of what it is (weave.md §2.4). */
export class ObjectService {
  readonly #store: ObjectStore
  readonly #labels: LabelStore
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
  readonly #refs: Pick<RefAccess, 'check' | 'mask'>
  readonly #now: () => Date

  constructor(deps: {
    store: ObjectStore
    labels: LabelStore
    projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
    refs: Pick<RefAccess, 'check' | 'mask'>
    now: () => Date
  }) {
    this.#store = deps.store
    this.#labels = deps.labels
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#now = deps.now
  }

  /**
   * Publishes a version of a named object; the same content again is the same version.
   *
   * @param draft.expectedDigest what the client computed, if it did.
   * @throws {WeaveError} for a name or class that is not allowed, a name that stands for another class already, or a
   *   digest that is not the one expected.
   */
  async publish(
    person: Person,
    projectName: string,
    draft: { objectId: string; value: Json; builtinClass: string | null; expectedDigest: string | null },
  ): Promise<{ digest: string }> {
    const { objectId, expectedDigest } = draft
    checkObjectName(objectId)
    checkFileNames(draft.value)
    const { value, class: objectClass } = classify(draft.value, draft.builtinClass)
    await this.#refs.check(person, projectName, value)
    const access = await this.#projects.forWriting(person, projectName)
    const digest = valueDigest(await withInternalRefs(value, access, this.#projects))
    if (expectedDigest !== null && expectedDigest !== digest) throw digestMismatch(expectedDigest, digest)
    const key = { projectId: access.projectId, objectId, digest }
    if (await this.#store.isStored(key)) return { digest }
    const val = storeJson(value)
    const otherClasses = await this.#store.store({
      ...key,
      ...objectClass,
      val,
      sizeBytes: Buffer.byteLength(val),
      wbUserId: person.handle,
      createdAt: storedTime(this.#now()),
    })
    if (otherClasses.length > 0) throw nameTaken(objectId, objectClass, otherClasses)
    return { digest }
  }

  /**
   * One version.
   *
   * @param version a digest, `latest`, `v{N}` or an alias.
   * @throws {WeaveError} 404 when there is none, or it was deleted.
   */
  async read(
    person: Person,
    projectName: string,
    objectId: string,
    version: string,
    kind?: ObjectVersion['kind'],
  ): Promise<{ access: ProjectAccess; object: ObjectVersion }> {
    const access = await this.#projects.forReading(person, projectName)
    return { access, object: await this.get(access, objectId, version, kind) }
  }

  /** Like {@link read}, of one kind if that is known. */
  async get(
    access: ProjectAccess,
    objectId: string,
    version: string,
    kind?: ObjectVersion['kind'],
  ): Promise<ObjectVersion> {
    const name = storeText(objectId)
    const wanted = await this.#wantedVersion(access.projectId, name, storeText(version))
    const found = await this.#store.find(scopeOf(access), name, wanted, kind)
    if (!found) throw new WeaveError(404, 'NotFoundError', `Obj ${objectId}:${version} not found`)
    if (found.deletedAt !== null)
      throw new WeaveError(
        404,
        'ObjectDeletedError',
        `${objectId}:v${found.versionIndex} was deleted at ${found.deletedAt}`,
        { deleted_at: found.deletedAt },
      )
    return found
  }

  /** What a version holds, without refs into projects that the person cannot read. */
  async readValue(access: ProjectAccess, { objectId, digest }: ObjectVersion): Promise<JsonText> {
    const stored = await this.#store.readValue({ projectId: access.projectId, objectId, digest })
    const [text = 'null'] = await this.#refs.mask(access, [restoreJsonText(stored).text])
    return new JsonText(text)
  }

  /** Like {@link readValue}, as a value to be looked into. */
  async readMasked(access: ProjectAccess, version: ObjectVersion): Promise<Json> {
    return parseExactJson((await this.readValue(access, version)).text)
  }

  /** What a version holds, as a value to be looked into. */
  async readParsed(access: ProjectAccess, { objectId, digest }: ObjectVersion): Promise<Json> {
    return restoreJson(await this.#store.readValue({ projectId: access.projectId, objectId, digest }))
  }

  /** Versions that are not deleted. */
  async list(
    person: Person,
    projectName: string,
    query: { filter: ObjectFilter; order: readonly ObjectOrder[]; page: Page },
  ): Promise<{ access: ProjectAccess; objects: ObjectVersion[] }> {
    const { limit, offset } = query.page
    if (limit !== null && limit < 0) throw invalidRequest('Limit must be a positive integer')
    if (offset !== null && offset < 0) throw invalidRequest('Offset must be a positive integer')
    const access = await this.#projects.forReading(person, projectName)
    return { access, objects: await this.#store.list(scopeOf(access), query.filter, query.order, query.page) }
  }

  /**
   * Deletes versions, or all there are; those who read them afterwards are told so.
   *
   * @param isMeant which of the versions with this name it is about.
   * @throws {WeaveError} 404 unless every version is there and the person may change it; then nothing is deleted.
   */
  async delete(
    person: Person,
    projectName: string,
    objectId: string,
    versions: readonly string[] | null,
    isMeant: (version: ObjectVersion) => boolean = () => true,
  ): Promise<ObjectVersion[]> {
    if (versions && versions.length > MAX_DELETED_AT_ONCE)
      throw invalidRequest(
        `Object delete request contains ${versions.length} objects. ` +
          `Please delete ${MAX_DELETED_AT_ONCE} or fewer objects at a time.`,
      )
    const access = await this.#projects.forWriting(person, projectName)
    const wanted =
      versions &&
      (await Promise.all(versions.map((version) => this.#wantedVersion(access.projectId, objectId, version))))
    const named = await this.#store.list(changeScopeOf(access), { objectIds: [objectId] }, [], WHOLE)
    const changeable = named.filter(isMeant)
    const found = wanted?.length
      ? changeable.filter((version) => wanted.some((one) => isWanted(version, one)))
      : changeable
    if (found.length === 0)
      throw new WeaveError(
        404,
        'NotFoundError',
        `Object ${objectId} (${pythonList(versions)}) not found when deleting.`,
      )
    if (versions?.length && new Set(versions).size !== found.length) {
      const digests = found.map(({ digest }) => digest)
      throw new WeaveError(
        404,
        'NotFoundError',
        `Delete request contains ${versions.length} digests, but found ${found.length} objects to delete. ` +
          `Diff digests: ${pythonList(versions.filter((version) => !digests.includes(version)))}`,
      )
    }
    const deletedAt = storedTime(this.#now())
    for (let first = 0; first < found.length; first += DELETED_PER_QUERY)
      await this.#store.delete(
        access.projectId,
        objectId,
        found.slice(first, first + DELETED_PER_QUERY).map(({ digest }) => digest),
        deletedAt,
      )
    return found
  }

  /** Tags and aliases of a version, `latest` among them if it is that. */
  async labelsOf(access: ProjectAccess, { objectId, digest, isLatest }: ObjectVersion): Promise<Labels> {
    const { tags, aliases } = await this.#labels.ofVersion({ projectId: access.projectId, objectId, digest })
    return { tags, aliases: isLatest ? [...aliases, 'latest'] : aliases }
  }

  async storageBytes(access: ProjectAccess): Promise<number> {
    return this.#store.storageBytes(access.projectId)
  }

  async #wantedVersion(projectId: number, objectId: string, version: string): Promise<WantedVersion> {
    if (version === 'latest') return 'latest'
    const index = versionIndexOf(version)
    if (index !== undefined) return { index }
    return { digest: (await this.#labels.findAlias(projectId, objectId, version)) ?? version }
  }
}

const WHOLE: Page = { limit: null, offset: null }
const DELETED_PER_QUERY = 500

/** What somebody may see of a project's objects. */
export function scopeOf({ projectId, reads, person }: ProjectAccess): Scope {
  return reads === 'all' ? { projectId } : { projectId, wbUserId: person.handle }
}

function changeScopeOf({ projectId, changes, person }: ProjectAccess): Scope {
  return changes === 'all' ? { projectId } : { projectId, wbUserId: person.handle }
}

function isWanted(version: ObjectVersion, wanted: WantedVersion): boolean {
  if (wanted === 'latest') return version.isLatest
  return 'index' in wanted ? version.versionIndex === wanted.index : version.digest === wanted.digest
}

export function digestMismatch(expected: string, digest: string): WeaveError {
  return new WeaveError(409, 'DigestMismatchError', `Expected digest ${expected} but the content has ${digest}`)
}

function nameTaken(
  objectId: string,
  { kind, baseObjectClass }: Pick<ObjectVersion, 'kind' | 'baseObjectClass'>,
  otherClasses: readonly (string | null)[],
): WeaveError {
  return new WeaveError(
    400,
    'ObjectNameTypeCollision',
    `Cannot publish '${objectId}' as ${described(baseObjectClass)}: that name is already used by ` +
      `${otherClasses.map(described).join(' or ')} in this project. ` +
      'Object versions cannot share types, publish this object under a different name.',
    {
      object_id: objectId,
      kind,
      new_base_object_class: baseObjectClass,
      existing_base_object_classes: otherClasses,
    },
  )
}

function described(baseObjectClass: string | null): string {
  return baseObjectClass === null ? 'a generic (untyped) object' : `a ${baseObjectClass}`
}

function pythonList(texts: readonly string[] | null): string {
  return texts === null ? 'None' : `[${texts.map((text) => `'${text}'`).join(', ')}]`
}
