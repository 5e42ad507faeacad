import type { Json } from '../../weave/exact-json.ts'
import { isJsonObject } from '../../weave/fields.ts'
import { storeJson, storeText } from '../../weave/stored-json.ts'
import type { CallEnd, CallStart } from '../call.ts'
import { fromMicros, toCallTime } from '../call-time.ts'
import { attributeTree, valueAt } from './attribute-tree.ts'
import { KINDS, type OtlpAttribute, type OtlpSpan, STATUSES } from './otlp-request.ts'
import { shortenDisplayName, shortenOpName } from './shorten-name.ts'
import { ATTRIBUTE_KEYS, INPUT_KEYS, OUTPUT_KEYS, TIME_KEYS, USAGE_KEYS, WANDB_KEYS } from './span-conventions.ts'

type Tree = { [key: string]: Json }

/** The span cannot become a call. */
export class SpanRejectedError extends Error {}

/**
 * The call that a span is (weave.md §3).
 *
 * @param resource the attributes of the span's resource, as a tree.
 * @throws {SpanRejectedError} | {AttributeConflictError} when it cannot be one.
 */
export function spanToCall(span: OtlpSpan, resource: Tree): { callId: string; start: CallStart; end: CallEnd } {
  if (!/^[0-9a-f]{16}$/.test(span.spanId)) throw new SpanRejectedError('span_id must be 8 bytes.')
  if (!/^[0-9a-f]{32}$/.test(span.traceId)) throw new SpanRejectedError('trace_id must be 16 bytes.')
  const tree = attributeTree(span.attributes)
  const wandb = pickAll(tree, WANDB_KEYS)
  const mapped = mapAttributes(tree)
  const times = timesOf(span, tree)
  const threadId = wandb.thread_id === undefined ? null : asText(wandb.thread_id)
  const start: CallStart = {
    traceId: span.traceId,
    parentId: span.parentId,
    opName: storeText(shortenOpName(span.name || 'span')),
    displayName: wandb.display_name === undefined ? null : storeText(shortenDisplayName(asText(wandb.display_name))),
    threadId: threadId === null ? null : storeText(threadId.slice(0, 512)),
    turnId: threadId !== null && wandb.is_turn !== undefined ? span.spanId : null,
    startedAt: times.start,
    attributesJson: storeJson({ ...mapped.attributes, otel_span: describeSpan(span, tree, resource, times) }),
    inputsJson: storeJson(mapped.inputs),
    wbRunId: wandb.wb_run_id === undefined ? null : storeText(asText(wandb.wb_run_id)),
    wbRunStep: integerOrNull(wandb.wb_run_step),
  }
  const end: CallEnd = {
    endedAt: times.end,
    exception: exceptionOf(span),
    outputJson: storeJson(mapped.output),
    summaryJson: storeJson({ usage: { [mapped.model ?? 'usage']: mapped.usage } }),
    wbRunStepEnd: integerOrNull(wandb.wb_run_step_end),
  }
  return { callId: span.spanId, start, end }
}

function mapAttributes(tree: Tree) {
  const inputs = unnest(pickFirst(tree, INPUT_KEYS), ['inputs', 'input'])
  const output = unnest(pickFirst(tree, OUTPUT_KEYS), ['outputs', 'output'])
  const usage = usageOf(tree)
  const known = pickAll(tree, ATTRIBUTE_KEYS)
  const parameters = known.model_parameters
  const model = known.model ?? (isJsonObject(parameters) ? parameters.model : undefined)
  const custom = valueAt(tree, WANDB_KEYS.attributes[0] ?? '')
  const foundNothing = [inputs, output, usage, known].every((one) => isJsonObject(one) && isEmpty(one))
  return {
    // Inputs have names; a value that has none keeps the name of its attribute.
    inputs: isJsonObject(inputs) ? inputs : pickFirst(tree, INPUT_KEYS),
    output,
    usage,
    model: typeof model === 'string' ? model : undefined,
    attributes: foundNothing ? tree : { ...known, ...(isJsonObject(custom) && custom) },
  }
}

/** The first of the keys that has something, under its own name. */
function pickFirst(tree: Tree, keys: readonly string[]): Tree {
  for (const key of keys) {
    const value = valueAt(tree, key)
    if (value !== undefined && !isEmpty(value)) return { [key]: value }
  }
  return {}
}

function pickAll(tree: Tree, table: Record<string, readonly string[]>): Tree {
  const picked: Tree = {}
  for (const [name, keys] of Object.entries(table))
    for (const [key, value] of Object.entries(pickFirst(tree, keys))) if (key) picked[name] = value
  return picked
}

function unnest(found: Tree, keys: readonly string[]): Json {
  for (const key of keys) if (found[key] !== undefined) return found[key]
  return found
}

function usageOf(tree: Tree): Tree {
  const usage: Tree = {}
  for (const [name, value] of Object.entries(pickAll(tree, USAGE_KEYS))) {
    const tokens = integerOrNull(value)
    if (tokens !== null) usage[name] = tokens
  }
  const { total_tokens, input_tokens, prompt_tokens, completion_tokens, output_tokens } = usage
  const parts = [prompt_tokens ?? input_tokens, completion_tokens ?? output_tokens]
  if (total_tokens === undefined && parts.some((part) => part !== undefined))
    usage.total_tokens = parts.reduce<number>((sum, part) => sum + Number(part ?? 0), 0)
  return usage
}

function timesOf(span: OtlpSpan, tree: Tree): { start: string; end: string } {
  const started = timeAt(tree, TIME_KEYS.start) ?? fromMicros(Number(span.startNanos / 1000n))
  const ended = timeAt(tree, TIME_KEYS.end) ?? fromMicros(Number(span.endNanos / 1000n))
  if (started === undefined || ended === undefined) throw new SpanRejectedError('its times are out of range.')
  return { start: started, end: ended }
}

function timeAt(tree: Tree, path: string): string | undefined {
  const value = valueAt(tree, path)
  if (typeof value === 'string') return toCallTime(value.replace(/^"(.*)"$/, '$1'))
  if (typeof value === 'bigint') return fromMicros(Number(value / 1000n))
  return typeof value === 'number' ? fromMicros(Math.trunc(value / 1000)) : undefined
}

/** Why it failed; a failed span without words is a failed call all the same. */
function exceptionOf({ status, events }: OtlpSpan): string | null {
  if (STATUSES[status.code] !== 'ERROR') return null
  const recorded = events.find((event) => event.name === 'exception')?.attributes
  const message = status.message || recorded?.find(([key]) => key === 'exception.message')?.[1]
  return storeText(typeof message === 'string' && message !== '' ? message : 'ERROR')
}

/** The whole span as it was received, in the names of the OpenTelemetry SDKs. */
function describeSpan(span: OtlpSpan, tree: Tree, resource: Tree, times: { start: string; end: string }): Tree {
  return {
    name: span.name,
    context: { trace_id: span.traceId, span_id: span.spanId, trace_state: span.traceState },
    kind: KINDS[span.kind] ?? 'UNSPECIFIED',
    parent_id: span.parentId,
    start_time: times.start,
    end_time: times.end,
    status: { code: STATUSES[span.status.code] ?? 'UNSET', message: span.status.message },
    attributes: tree,
    events: span.events.map(({ name, nanos, attributes }) => ({
      name,
      timestamp: fromMicros(Number(nanos / 1000n)) ?? null,
      attributes: plainObject(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      trace_id: traceId,
      span_id: spanId,
      attributes: plainObject(attributes),
    })),
    resource: { attributes: resource },
  }
}

/** Not a tree: whoever reads events and links wants the names as they were. */
function plainObject(attributes: readonly OtlpAttribute[]): Tree {
  const object: Tree = Object.create(null)
  for (const [key, value] of attributes) object[key] = value
  return object
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '' || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return isJsonObject(value) && Object.keys(value).length === 0
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : storeJson(value)
}

function integerOrNull(value: Json | undefined): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? Math.trunc(number) : null
}
