import type { Person } from '../accounts/person.ts'
import { type Json, JsonText, parseExactJson, printJson } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { findRef, parseRef, printRef, type WeaveRef } from '../weave/refs.ts'
import { restoreJson, storeText } from '../weave/stored-json.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import type { ObjectService } from './object-service.ts'
import type { TableStore } from './table-store.ts'

const MOST_REFS = 1_000

/** Objects and calls that refs of one request lead into, by their own ref: many lead into the same. */
type Roots = Map<string, Json>

/** A call as JSON; undefined when there is none that the person may see. */
export type FindCall = (person: Person, projectName: string, callId: string) => Promise<string | undefined>

/** What refs stand for: objects, and everything inside them, and calls. */
export class RefReader {
  readonly #objects: Pick<ObjectService, 'get' | 'readParsed'>
  readonly #tables: Pick<TableStore, 'findRow'>
  readonly #projects: Pick<WeaveProjects, 'forReading'>
  readonly #refs: Pick<RefAccess, 'mask'>
  readonly #findCall: FindCall

  constructor(deps: {
    objects: Pick<ObjectService, 'get' | 'readParsed'>
    tables: Pick<TableStore, 'findRow'>
    projects: Pick<WeaveProjects, 'forReading'>
    refs: Pick<RefAccess, 'mask'>
    findCall: FindCall
  }) {
    this.#objects = deps.objects
    this.#tables = deps.tables
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#findCall = deps.findCall
  }

  /**
   * The value of each ref, in the order of the refs; null where an object was deleted or a path leads nowhere.
   *
   * @throws {WeaveError} for what is no ref, refs of tables, and 404 for what is not there.
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
    const roots: Roots = new Map()
    const values: JsonText[] = []
    for (const ref of refs) {
      const access = accesses.get(`${ref.entity}/${ref.project}`) as ProjectAccess
      const [text = 'null'] = await this.#refs.mask(access, [printJson(await this.#read(access, ref, roots))])
      values.push(new JsonText(text))
    }
    return values
  }

  async #read(access: ProjectAccess, ref: WeaveRef, roots: Roots): Promise<Json> {
    if (ref.kind === 'table') throw invalidRequest('Table refs not supported')
    if (!('extra' in ref)) throw invalidRequest('Agent refs not supported')
    const root = printRef({ ...ref, extra: [] })
    let value = roots.get(root)
    if (value === undefined) {
      value = ref.kind === 'call' ? await this.#readCall(access, ref.id) : await this.#readObject(access, ref)
      roots.set(root, value)
    }
    for (let index = 0; index < ref.extra.length; index += 2) {
      const [edge, name = ''] = ref.extra.slice(index, index + 2)
      value = edge === 'id' && value !== null ? await this.#readRow(access, value, name) : inside(value, name)
    }
    return value
  }

  async #readCall(access: ProjectAccess, callId: string): Promise<Json> {
    const text = await this.#findCall(access.person, `${access.entity}/${access.project}`, callId)
    if (text === undefined) throw new WeaveError(404, 'NotFoundError', `Call ${callId} not found`)
    return parseExactJson(text)
  }

  async #readObject(access: ProjectAccess, ref: Extract<WeaveRef, { name: string }>): Promise<Json> {
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
    const row = await this.#tables.findRow(projectId, storeText(rowDigest))
    if (row === undefined) throw new WeaveError(404, 'NotFoundError', `Row ${rowDigest} not found`)
    return restoreJson(row)
  }
}

function inside(value: Json, name: string): Json {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? (value[Number(name)] ?? null) : null
  return isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null
}
