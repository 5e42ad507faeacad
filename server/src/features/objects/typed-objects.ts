import type { Person } from '../accounts/person.ts'
import type { Json } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { WeaveError } from '../weave/weave-error.ts'
import type { FileService } from './file-service.ts'
import type { ObjectVersion } from './object.ts'
import type { ObjectService } from './object-service.ts'
import type { TableRow, TableService } from './table-service.ts'

/** Kinds of objects that have endpoints of their own; what they are called in paths. */
export type ObjectType = 'ops' | 'datasets' | 'scorers' | 'evaluations' | 'models'
export type Fields = { [key: string]: Json }
/** A version with what it holds. */
export type Typed = { version: ObjectVersion; fields: Fields; source: string | null }
export type Created = { version: ObjectVersion; ref: string }

const SOURCE_FILE = 'obj.py'

const CLASS_OF: { [type in ObjectType]: string | null } = {
  ops: null,
  datasets: 'Dataset',
  scorers: 'Scorer',
  evaluations: 'Evaluation',
  models: 'Model',
}

/** Objects that are made of their parts, so that a client need not know how the SDKs put them together. */
export class TypedObjects {
  readonly #objects: ObjectService
  readonly #tables: Pick<TableService, 'create'>
  readonly #files: Pick<FileService, 'create' | 'find'>

  constructor(deps: {
    objects: ObjectService
    tables: Pick<TableService, 'create'>
    files: Pick<FileService, 'create' | 'find'>
  }) {
    this.#objects = deps.objects
    this.#tables = deps.tables
    this.#files = deps.files
  }

  async createOp(person: Person, project: string, name: string | null, source: string): Promise<Created> {
    const { digest } = await this.#files.create(person, project, { content: Buffer.from(source), expectedDigest: null })
    const value = { _type: 'CustomWeaveType', weave_type: { type: 'Op' }, files: { [SOURCE_FILE]: digest } }
    return this.#publish(person, project, 'op', name === null ? 'Op' : objectIdOf(name), value)
  }

  async createDataset(
    person: Person,
    project: string,
    { name, description, rows }: { name: string | null; description: string | null; rows: readonly TableRow[] },
  ): Promise<Created> {
    const { digest } = await this.#tables.create(person, project, rows, null)
    const fields = { name: name ?? 'Dataset', description, rows: `weave:///${project}/table/${digest}` }
    const objectId = name === null ? 'Dataset' : objectIdOf(name)
    return this.#publish(person, project, 'object', objectId, ofClass('Dataset', fields))
  }

  async createScorer(
    person: Person,
    project: string,
    { name, description, source }: { name: string; description: string | null; source: string },
  ): Promise<Created> {
    const score = await this.createOp(person, project, `${name}.score`, source)
    const fields = { name, description, score: score.ref, summarize: null, column_map: null }
    return this.#publish(person, project, 'object', objectIdOf(name), ofClass('Scorer', fields))
  }

  /** @param fields besides its name; more may be given than the class has. */
  async createEvaluation(person: Person, project: string, name: string, fields: Fields): Promise<Created> {
    return this.#publish(person, project, 'object', objectIdOf(name), ofClass('Evaluation', { name, ...fields }))
  }

  async createModel(
    person: Person,
    project: string,
    {
      name,
      description,
      source,
      attributes,
    }: { name: string; description: string | null; source: string; attributes: Fields },
  ): Promise<Created> {
    const { digest } = await this.#files.create(person, project, { content: Buffer.from(source), expectedDigest: null })
    const fields = { ...attributes, name, description, files: { [SOURCE_FILE]: digest } }
    return this.#publish(person, project, 'object', objectIdOf(name), ofClass('Model', fields))
  }

  /** @throws {WeaveError} 404 when there is no such version of this type. */
  async read(person: Person, project: string, type: ObjectType, objectId: string, version: string): Promise<Typed> {
    const { access, object } = await this.#objects.read(person, project, objectId, version, kindOf(type))
    if (!isOfType(object, type)) throw new WeaveError(404, 'NotFoundError', `Obj ${objectId}:${version} not found`)
    return this.#complete(access, object)
  }

  /** The newest version of each. */
  async list(
    person: Person,
    project: string,
    type: ObjectType,
    page: { limit: number | null; offset: number | null },
  ): Promise<AsyncIterable<Typed>> {
    const baseClass = CLASS_OF[type]
    const { access, objects } = await this.#objects.list(person, project, {
      filter: { latestOnly: true, isOp: type === 'ops', ...(baseClass !== null && { baseObjectClasses: [baseClass] }) },
      order: [],
      page,
    })
    return this.#completeAll(access, objects)
  }

  /** @throws {WeaveError} 404 unless all of them are there, are of this type, and the person may change them. */
  async delete(
    person: Person,
    project: string,
    type: ObjectType,
    objectId: string,
    versions: readonly string[] | null,
  ): Promise<number> {
    return (await this.#objects.delete(person, project, objectId, versions, (version) => isOfType(version, type)))
      .length
  }

  async #publish(
    person: Person,
    project: string,
    kind: ObjectVersion['kind'],
    objectId: string,
    value: Json,
  ): Promise<Created> {
    const draft = { objectId, value, builtinClass: null, expectedDigest: null }
    const { digest } = await this.#objects.publish(person, project, draft)
    const { object } = await this.#objects.read(person, project, objectId, digest, kind)
    return { version: object, ref: `weave:///${project}/${kind}/${objectId}:${digest}` }
  }

  async *#completeAll(access: ProjectAccess, versions: readonly ObjectVersion[]): AsyncGenerator<Typed> {
    for (const version of versions) yield this.#complete(access, version)
  }

  async #complete(access: ProjectAccess, version: ObjectVersion): Promise<Typed> {
    const value = await this.#objects.readMasked(access, version)
    const fields = isJsonObject(value) ? value : {}
    const file = isJsonObject(fields.files) ? fields.files[SOURCE_FILE] : undefined
    const content = typeof file === 'string' ? await this.#files.find(access, file) : undefined
    return { version, fields, source: content?.toString('utf8') ?? null }
  }
}

/** A name as people write it, as one that an object can have. */
function objectIdOf(name: string): string {
  return name.replace(/[ /]/g, '_').toLowerCase()
}

function kindOf(type: ObjectType): ObjectVersion['kind'] {
  return type === 'ops' ? 'op' : 'object'
}

function isOfType(version: ObjectVersion, type: ObjectType): boolean {
  return version.kind === kindOf(type) && (type === 'ops' || version.baseObjectClass === CLASS_OF[type])
}

function ofClass(name: string, fields: Fields): Fields {
  return { ...fields, _type: name, _class_name: name, _bases: ['Object', 'BaseModel'] }
}
