import { WeaveError } from './weave-error.ts'

/** An address of something in a project (weave.md §1.11). */
export type WeaveRef = { entity: string; project: string } & (
  | ObjectRef
  | { kind: 'call'; id: string; extra: string[] }
  | { kind: 'table'; digest: string; extra: string[] }
  | { kind: 'agent_turn' | 'agent_conversation'; id: string }
)

type ObjectRef = {
  /** An op is an object too, with a ref of its own kind. */
  kind: 'object' | 'op'
  name: string
  /** A digest, `latest` or `v{N}`. */
  version: string
  /** Pairs of an edge (`key`, `index`, `attr`, `id`) and its value, not encoded. */
  extra: string[]
}

export const REF_SCHEME = 'weave:///'
const INTERNAL_SCHEME = 'weave-trace-internal:///'
const ARTIFACT_SCHEME = 'wandb-artifact:///'
const EDGES = new Set(['key', 'index', 'attr', 'id'])

/** @throws {WeaveError} `Invalid ref: …` for everything else than a well-formed `weave:///` ref. */
export function parseRef(text: string): WeaveRef {
  if (!text.startsWith(REF_SCHEME)) throw invalidRef(text, `a ref begins with ${REF_SCHEME}`)
  const [entity, project, kind, ...rest] = text.slice(REF_SCHEME.length).split('/')
  if (!entity || !project || rest.length === 0) throw invalidRef(text, 'a ref names an entity, a project and a kind')
  const place = { entity, project }
  const [first = '', ...encoded] = rest
  switch (kind) {
    case 'object':
    case 'op': {
      const [name, version, ...more] = first.split(':')
      if (!name || !version || more.length > 0) throw invalidRef(text, 'an object is called name:version')
      return { ...place, kind, name, version, extra: parseExtra(text, encoded) }
    }
    case 'call':
      if (first === '') throw invalidRef(text, 'a call has an id')
      return { ...place, kind, id: first, extra: parseExtra(text, encoded) }
    case 'table':
      if (first === '') throw invalidRef(text, 'a table has a digest')
      return { ...place, kind, digest: first, extra: parseExtra(text, encoded) }
    case 'agent_turn':
    case 'agent_conversation':
      // A conversation may be called anything.
      if (first === '') throw invalidRef(text, 'it has no id')
      return { ...place, kind, id: decode(text, rest.join('/')) }
    default:
      throw invalidRef(text, `unknown kind ${kind}`)
  }
}

/** A well-formed ref, undefined for every other text. */
export function findRef(text: string): WeaveRef | undefined {
  try {
    return parseRef(text)
  } catch (error) {
    if (error instanceof WeaveError) return undefined
    throw error
  }
}

export function printRef(ref: WeaveRef): string {
  const place = `${REF_SCHEME}${ref.entity}/${ref.project}/${ref.kind}`
  switch (ref.kind) {
    case 'object':
    case 'op':
      return `${place}/${ref.name}:${ref.version}${printExtra(ref.extra)}`
    case 'call':
      return `${place}/${ref.id}${printExtra(ref.extra)}`
    case 'table':
      return `${place}/${ref.digest}${printExtra(ref.extra)}`
    case 'agent_turn':
    case 'agent_conversation':
      return `${place}/${encode(ref.id)}`
  }
}

/**
 * The project, `entity/project`, that a text names if it is a ref of any kind; undefined for other texts.
 *
 * @throws {WeaveError} `Invalid URI: …` for a ref without one, and for refs that only exist inside Weave's server.
 */
export function projectOfRef(text: string): string | undefined {
  if (text.startsWith(REF_SCHEME)) return projectOf(text, REF_SCHEME)
  if (text.startsWith(ARTIFACT_SCHEME)) return projectOf(text, ARTIFACT_SCHEME)
  if (text.startsWith(INTERNAL_SCHEME))
    throw new WeaveError(400, 'InvalidExternalRef', 'Encountered unexpected ref format.')
  return undefined
}

function projectOf(text: string, scheme: string): string {
  const [entity, project, tail] = text.slice(scheme.length).split('/', 3)
  if (entity === undefined || project === undefined || tail === undefined)
    throw new WeaveError(400, 'InvalidExternalRef', `Invalid URI: ${text}`)
  return `${entity}/${project}`
}

function parseExtra(text: string, encoded: readonly string[]): string[] {
  if (encoded.length % 2 !== 0) throw invalidRef(text, 'what follows the version comes in pairs')
  return encoded.map((part, index) => {
    if (index % 2 === 0) {
      if (!EDGES.has(part)) throw invalidRef(text, `${part} is none of ${[...EDGES].join(', ')}`)
      return part
    }
    if (encoded[index - 1] === 'index' && !/^\d+$/.test(part)) throw invalidRef(text, `the index ${part} is no number`)
    return decode(text, part)
  })
}

function printExtra(extra: readonly string[]): string {
  return extra.map((part) => `/${encode(part)}`).join('')
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalidRef(text, `${part} is not percent-encoded well`)
  }
}

/** As Python's `quote` does: letters, digits and `_.-~` stay. */
function encode(part: string): string {
  return encodeURIComponent(part.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function invalidRef(text: string, detail: string): WeaveError {
  return new WeaveError(400, 'InvalidExternalRef', `Invalid ref: ${text}, ${detail}`)
}
