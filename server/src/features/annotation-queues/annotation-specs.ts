import { runInNewContext } from 'node:vm'
import type { ValidateFunction } from 'ajv'
import type { ObjectService } from '../objects/object-service.ts'
import type { Json } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { parseRef } from '../weave/refs.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'

const MOST_REMEMBERED = 500
const MOST_SCHEMA_CHARACTERS = 100_000
const MOST_CHECKING_MS = 200

/** What people may say in an annotation: specs are objects that hold a JSON Schema (weave.md §1.4, item 9). */
export class AnnotationSpecs {
  readonly #objects: Pick<ObjectService, 'get' | 'readParsed'>
  /** By the text of the schema: the same specs come again and again. */
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(deps: { objects: Pick<ObjectService, 'get' | 'readParsed'> }) {
    this.#objects = deps.objects
  }

  /**
   * Checks the value of an annotation against the spec that a ref names.
   *
   * @throws {WeaveError} when the ref is of another project, leads to no spec, or the spec does not allow the value.
   */
  async check(access: ProjectAccess, annotationRef: string, value: unknown): Promise<void> {
    const ref = parseRef(annotationRef)
    const projectName = `${access.entity}/${access.project}`
    if (`${ref.entity}/${ref.project}` !== projectName)
      throw invalidRequest(`Annotation ref ${annotationRef} does not match project id ${projectName}`)
    if (ref.kind !== 'object') throw notASpec(annotationRef)
    const found = await this.#find(access, ref)
    if (!found) throw new WeaveError(404, 'NotFoundError', `Annotation ref ${annotationRef} not found`)
    if (found.baseObjectClass !== 'AnnotationSpec') throw notASpec(annotationRef)
    const spec = await this.#objects.readParsed(access, found)
    const schema = isJsonObject(spec) ? spec.field_schema : null
    const validator = await this.#validator(annotationRef, schema ?? {})
    if (!isValid(validator, plain(value))) throw invalidRequest('Feedback payload does not match annotation spec')
  }

  async #find(access: ProjectAccess, { name, version }: { name: string; version: string }) {
    try {
      return await this.#objects.get(access, name, version, 'object')
    } catch (error) {
      if (error instanceof WeaveError && error.errorType === 'ObjectDeletedError') return undefined
      throw error
    }
  }

  async #validator(annotationRef: string, schema: Json): Promise<ValidateFunction> {
    const text = JSON.stringify(plain(schema))
    const known = this.#validators.get(text)
    if (known) return known
    if (!isJsonObject(schema) || text.length > MOST_SCHEMA_CHARACTERS) throw notASpec(annotationRef)
    const { default: addFormats } = await import('ajv-formats')
    const { Ajv2020 } = await import('ajv/dist/2020.js')
    const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: false })
    addFormats.default(ajv)
    let validator: ValidateFunction
    try {
      validator = ajv.compile(JSON.parse(text))
    } catch {
      throw notASpec(annotationRef)
    }
    if (this.#validators.size >= MOST_REMEMBERED) this.#validators.clear()
    this.#validators.set(text, validator)
    return validator
  }
}

/** A `pattern` of somebody's schema may take for ever: a value that cannot be checked in time is not valid. */
function isValid(validator: ValidateFunction, value: unknown): boolean {
  try {
    return runInNewContext('check()', { check: () => validator(value) }, { timeout: MOST_CHECKING_MS }) === true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false
    throw error
  }
}

/** The value with plain numbers in place of exact ones: what a schema says of numbers is said of those. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if (!isJsonObject(value)) return Number(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function notASpec(ref: string): WeaveError {
  return invalidRequest(`Annotation ref ${ref} is not a valid annotation spec`)
}
