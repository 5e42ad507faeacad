import type { OtlpConfig } from '../../../config.ts'
import { restoreJson, restoreText } from '../../weave/stored-json.ts'
import type { CallPart } from '../call.ts'
import { asObject } from '../call-summary.ts'
import { toMicros } from '../call-time.ts'

/** A span in OTLP's JSON form (opentelemetry-proto 1.x): ids are hexadecimal, 64-bit numbers are text. */
export type JsonSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: JsonAttribute[]
  status: { code: number; message?: string }
}

type JsonAttribute = { key: string; value: { stringValue: string } | { intValue: string } | { doubleValue: number } }

const INTERNAL = 1
const CLIENT = 3
const OK = 1
const ERROR = 2

/** A call of Etude's own as a span, in the words of OpenTelemetry's conventions for generative AI. */
export function toSpan(call: CallPart, { content }: Pick<OtlpConfig, 'content'>): JsonSpan | undefined {
  const { start, end } = call
  if (!start || !end) return undefined
  const asksModel = start.displayName !== null
  const summary = asObject(restoreJson(end.summaryJson)) ?? {}
  const parent = start.parentId === null ? {} : { parentSpanId: spanId(start.parentId) }
  return {
    traceId: start.traceId.replaceAll('-', ''),
    spanId: spanId(call.callId),
    ...parent,
    name: start.displayName === null ? start.opName : `${start.opName} ${restoreText(start.displayName)}`,
    kind: asksModel ? CLIENT : INTERNAL,
    startTimeUnixNano: `${toMicros(start.startedAt)}000`,
    endTimeUnixNano: `${toMicros(end.endedAt)}000`,
    attributes: [
      attribute('enduser.id', call.wbUserId),
      ...(asksModel ? modelAttributes(restoreText(start.displayName ?? ''), summary) : []),
      ...Object.entries(asObject(asObject(restoreJson(start.attributesJson))?.etude) ?? {}).map(([key, value]) =>
        attribute(`etude.${key}`, value),
      ),
      ...(content
        ? [
            attribute('input.value', restoreText(start.inputsJson)),
            attribute('output.value', restoreText(end.outputJson)),
          ]
        : []),
    ],
    status: end.exception === null ? { code: OK } : { code: ERROR, message: restoreText(end.exception) },
  }
}

function modelAttributes(model: string, summary: Record<string, unknown>): JsonAttribute[] {
  const usage = asObject(asObject(summary.usage)?.[model])
  return [
    attribute('gen_ai.operation.name', 'chat'),
    attribute('gen_ai.request.model', model),
    ...(usage
      ? [
          attribute('gen_ai.usage.input_tokens', usage.prompt_tokens),
          attribute('gen_ai.usage.output_tokens', usage.completion_tokens),
        ]
      : []),
  ]
}

/** The last 16 digits of an id of ours are unique among those of its installation. */
function spanId(callId: string): string {
  return callId.replaceAll('-', '').slice(-16)
}

function attribute(key: string, value: unknown): JsonAttribute {
  if (typeof value === 'number')
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }
  return { key, value: { stringValue: String(value) } }
}
