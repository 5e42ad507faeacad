import { Float, type Json } from '../../weave/exact-json.ts'
import { invalidRequest } from '../../weave/weave-error.ts'

/** Lists and maps in an attribute; both databases read JSON of five times as many levels. */
const MAX_DEPTH = 100

/** A span as OTLP sends it, whichever encoding it came in. */
export type OtlpSpan = {
  /** 32 and 16 hexadecimal digits. */
  traceId: string
  spanId: string
  parentId: string | null
  traceState: string
  name: string
  kind: number
  startNanos: bigint
  endNanos: bigint
  attributes: OtlpAttribute[]
  events: { name: string; nanos: bigint; attributes: OtlpAttribute[] }[]
  links: { traceId: string; spanId: string; attributes: OtlpAttribute[] }[]
  status: { code: number; message: string }
}
export type OtlpAttribute = [key: string, value: Json]

/** Spans of one resource, such as a service. */
export type OtlpResource = { attributes: OtlpAttribute[]; spans: OtlpSpan[] }

/**
 * Reads an export request from its decoded form: protobuf as plain objects, or OTLP/JSON, whose ids are hexadecimal
 * and whose names may also be snake_case, as those of older exporters are.
 */
export function readExportRequest(request: unknown): OtlpResource[] {
  return listOf(request, 'resourceSpans').map((resourceSpans) => ({
    attributes: attributesOf(field(resourceSpans, 'resource')),
    spans: [...listOf(resourceSpans, 'scopeSpans'), ...listOf(resourceSpans, 'instrumentationLibrarySpans')].flatMap(
      (scopeSpans) => listOf(scopeSpans, 'spans').map(readSpan),
    ),
  }))
}

function readSpan(span: unknown): OtlpSpan {
  const status = field(span, 'status')
  return {
    traceId: idOf(span, 'traceId'),
    spanId: idOf(span, 'spanId'),
    parentId: idOf(span, 'parentSpanId') || null,
    traceState: textOf(span, 'traceState'),
    name: textOf(span, 'name'),
    kind: enumOf(span, 'kind', KINDS),
    startNanos: nanosOf(span, 'startTimeUnixNano'),
    endNanos: nanosOf(span, 'endTimeUnixNano'),
    attributes: attributesOf(span),
    events: listOf(span, 'events').map((event) => ({
      name: textOf(event, 'name'),
      nanos: nanosOf(event, 'timeUnixNano'),
      attributes: attributesOf(event),
    })),
    links: listOf(span, 'links').map((link) => ({
      traceId: idOf(link, 'traceId'),
      spanId: idOf(link, 'spanId'),
      attributes: attributesOf(link),
    })),
    status: { code: enumOf(status, 'code', STATUSES), message: textOf(status, 'message') },
  }
}

export const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const
export const STATUSES = ['UNSET', 'OK', 'ERROR'] as const

function attributesOf(owner: unknown): OtlpAttribute[] {
  return listOf(owner, 'attributes').map((attribute) => [textOf(attribute, 'key'), anyValue(field(attribute, 'value'))])
}

/** @throws {WeaveError} when it is nested so deeply that nobody could have meant it. */
function anyValue(value: unknown, depth = 0): Json {
  if (depth > MAX_DEPTH) throw invalidRequest(`Attributes are nested more than ${MAX_DEPTH} levels deep`)
  const [kind, content] = Object.entries(asRecord(value)).find(([, one]) => one !== null && one !== undefined) ?? []
  switch (kind && camelCase(kind)) {
    case 'stringValue':
      return String(content)
    case 'boolValue':
      return content === true
    case 'intValue':
      return integer(content)
    case 'doubleValue':
      return double(content)
    case 'arrayValue':
      return listOf(content, 'values').map((item) => anyValue(item, depth + 1))
    case 'kvlistValue':
      return Object.fromEntries(
        listOf(content, 'values').map((pair) => [textOf(pair, 'key'), anyValue(field(pair, 'value'), depth + 1)]),
      )
    case 'bytesValue':
      return content instanceof Uint8Array ? Buffer.from(content).toString('base64') : String(content)
    default:
      return null
  }
}

function integer(value: unknown): Json {
  const exact = toBigInt(value)
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
}

function double(value: unknown): Json {
  const number = value instanceof Float ? value.value : Number(value)
  return Number.isFinite(number) ? number : String(number)
}

function idOf(owner: unknown, name: string): string {
  const id = field(owner, name)
  return id instanceof Uint8Array ? Buffer.from(id).toString('hex') : String(id ?? '').toLowerCase()
}

function textOf(owner: unknown, name: string): string {
  const text = field(owner, name)
  return typeof text === 'string' ? text : ''
}

function nanosOf(owner: unknown, name: string): bigint {
  return toBigInt(field(owner, name))
}

/** Enums come as numbers, and from some exporters by their names, such as `STATUS_CODE_ERROR`. */
function enumOf(owner: unknown, name: string, names: readonly string[]): number {
  const value = field(owner, name)
  if (typeof value === 'string' && !/^\d+$/.test(value))
    return Math.max(
      names.findIndex((one) => value.endsWith(one)),
      0,
    )
  return Number(value ?? 0)
}

function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
  const number = value instanceof Float ? value.value : value
  return typeof number === 'number' && Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n
}

function listOf(owner: unknown, name: string): unknown[] {
  const list = field(owner, name)
  return Array.isArray(list) ? list : []
}

function field(owner: unknown, name: string): unknown {
  const record = asRecord(owner)
  return record[name] ?? record[name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
