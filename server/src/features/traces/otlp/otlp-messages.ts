import type { Type } from 'protobufjs'

/**
 * The messages of OTLP that carry traces, as far as they matter here (opentelemetry-proto 1.x): fields that are not
 * listed are skipped when they are read.
 */
const MESSAGES = {
  ExportTraceServiceRequest: { fields: { resourceSpans: many('ResourceSpans', 1) } },
  ExportTraceServiceResponse: { fields: { partialSuccess: one('ExportTracePartialSuccess', 1) } },
  ExportTracePartialSuccess: { fields: { rejectedSpans: one('int64', 1), errorMessage: one('string', 2) } },
  ResourceSpans: { fields: { resource: one('Resource', 1), scopeSpans: many('ScopeSpans', 2) } },
  Resource: { fields: { attributes: many('KeyValue', 1), droppedAttributesCount: one('uint32', 2) } },
  ScopeSpans: { fields: { scope: one('InstrumentationScope', 1), spans: many('Span', 2) } },
  InstrumentationScope: { fields: { name: one('string', 1), version: one('string', 2) } },
  Span: {
    fields: {
      traceId: one('bytes', 1),
      spanId: one('bytes', 2),
      traceState: one('string', 3),
      parentSpanId: one('bytes', 4),
      name: one('string', 5),
      kind: one('int32', 6),
      startTimeUnixNano: one('fixed64', 7),
      endTimeUnixNano: one('fixed64', 8),
      attributes: many('KeyValue', 9),
      droppedAttributesCount: one('uint32', 10),
      events: many('Event', 11),
      links: many('Link', 13),
      status: one('Status', 15),
    },
  },
  Event: {
    fields: { timeUnixNano: one('fixed64', 1), name: one('string', 2), attributes: many('KeyValue', 3) },
  },
  Link: {
    fields: {
      traceId: one('bytes', 1),
      spanId: one('bytes', 2),
      traceState: one('string', 3),
      attributes: many('KeyValue', 4),
    },
  },
  Status: { fields: { message: one('string', 2), code: one('int32', 3) } },
  KeyValue: { fields: { key: one('string', 1), value: one('AnyValue', 2) } },
  AnyValue: {
    oneofs: {
      value: {
        oneof: ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue'],
      },
    },
    fields: {
      stringValue: one('string', 1),
      boolValue: one('bool', 2),
      intValue: one('int64', 3),
      doubleValue: one('double', 4),
      arrayValue: one('ArrayValue', 5),
      kvlistValue: one('KeyValueList', 6),
      bytesValue: one('bytes', 7),
    },
  },
  ArrayValue: { fields: { values: many('AnyValue', 1) } },
  KeyValueList: { fields: { values: many('KeyValue', 1) } },
}

export type OtlpTypes = { request: Type; response: Type }

let types: Promise<OtlpTypes> | undefined

/** The types of what is asked and answered. protobufjs is loaded when the first span comes, not when a server starts. */
export function loadOtlpTypes(): Promise<OtlpTypes> {
  types ??= import('protobufjs/light.js').then(({ default: protobuf }) => {
    const root = protobuf.Root.fromJSON({ nested: MESSAGES })
    return {
      request: root.lookupType('ExportTraceServiceRequest'),
      response: root.lookupType('ExportTraceServiceResponse'),
    }
  })
  return types
}

function one(type: string, id: number) {
  return { type, id }
}

function many(type: string, id: number) {
  return { rule: 'repeated', type, id }
}
