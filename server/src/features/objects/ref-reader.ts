import type { Person } from '../accounts/person.ts'
import { type Json, JsonText, printJson } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { findRef, parseRef, type WeaveRef } from '../weave/refs.ts'
import { restoreJson } from '../weave/stored-json.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import type { ObjectService } from './object-service.ts'
import type { TableStore } from './table-store.ts'

const MOST_REFS = 1_000

/** What refs stand for: objects, and everything inside them. */
export class RefReader {
  readonly #objects: Pick<ObjectService, 'get' | 'readParsed'>
  readonly #tables: Pick<TableStore, 'findRow'>
  readonly #projects: Pick<WeaveProjects, 'forReading'>
  readonly #refs: Pick<RefAccess, 'mask'>

  constructor(deps: {
    objects: Pick<ObjectService, 'get' | 'readParsed'>
    tables: Pick<TableStore, 'findRow'>
    projects: Pick<WeaveProjects, 'forReading'>
    refs: Pick<RefAccess, 'mask'>
  }) {
    this.#objects = deps.objects
    this.#tables = deps.tables
    this.#projects = deps.projects
    this.#refs = deps.refs
  }

  /**
   * The value of each ref, in the order of the refs; null where an object was deleted or a path leads nowhere.
   *
   * @throws {WeaveError} for what is no ref, refs of tables and calls, and 404 for an object that is not there.
   * @throws {ProjectNotFoundError} for a ref into a project that the person cannot read.
   */
  async readAll(person: Person, texts: readonly string[]): Promise<JsonText[]> {
    if (texts.length > MOST_REFS) throw invalidRequest('Too many refs')
    const refs = texts.map(parseRef)
    const accesses = new Map<string, ProjectAccess>()
    for (const { entity, project } of refs) {
      const name = `${entity}/${project}`
      if (!accesses.has(name)) accesses.set(name, await this.#projects.forReading(person, name))
    }
    const values: JsonText[] = []
    for (const ref of refs) {
      const access = accesses.get(`${ref.entity}/${ref.project}`) as ProjectAccess
      const [text = 'null'] = await this.#refs.mask(access, [printJson(await this.#read(access, ref))])
      values.push(new JsonText(text))
    }
    return values
  }

  async #read(access: ProjectAccess, ref: WeaveRef): Promise<Json> {
    if (ref.kind === 'table') throw invalidRequest('Table refs not supported')
    if (ref.kind !== 'object' && ref.kind !== 'op') throw invalidRequest('Call refs not supported')
    let value = await this.#readObject(access, ref)
    for (let index = 0; index < ref.extra.length; index += 2) {
      const [edge, name = ''] = ref.extra.slice(index, index + 2)
      value = edge === 'id' ? await this.#readRow(access, value, name) : inside(value, name)
    }
    return value
  }

  async #readObject(access: ProjectAccess, ref: WeaveRef & { kind: 'object' | 'op' }): Promise<Json> {
    try {
      return await this.#objects.readParsed(access, await this.#objects.get(access, ref.name, ref.version, ref.kind))
    } catch (error) {
      if (error instanceof WeaveError && error.errorType === 'ObjectDeletedError') return null
      throw error
    }
  }

  /** A row of the table that a dataset's `rows` are a ref of. */
  async #readRow(access: ProjectAccess, table: Json, rowDigest: string): Promise<Json> {
    const ref = typeof table === 'string' ? findRef(table) : undefined
    if (ref?.kind !== 'table')
      throw invalidRequest('invalid data layout encountered, expected TableRef when resolving id')
    const { projectId } =
      ref.entity === access.entity && ref.project === access.project
        ? access
        : await this.#projects.forReading(access.person, `${ref.entity}/${ref.project}`)
    const row = await this.#tables.findRow(projectId, ref.digest, rowDigest)
    if (row === undefined) throw new WeaveError(404, 'NotFoundError', `Row ${rowDigest} not found`)
    return restoreJson(row)
  }
}

function inside(value: Json, name: string): Json {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? (value[Number(name)] ?? null) : null
  return isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null
}
