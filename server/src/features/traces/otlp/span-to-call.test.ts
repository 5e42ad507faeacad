import { describe, expect, it } from 'vitest'
import type { Json } from '../../weave/exact-json.ts'
import { attributeTree } from './attribute-tree.ts'
import { type OtlpSpan, readExportRequest } from './otlp-request.ts'
import { ATTRIBUTE_KEYS, INPUT_KEYS, OUTPUT_KEYS, USAGE_KEYS } from './span-conventions.ts'
import { spanToCall } from './span-to-call.ts'

function span(attributes: Record<string, Json>, more: Partial<OtlpSpan> = {}): OtlpSpan {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '00f067aa0ba902b1',
    parentId: null,
    traceState: '',
    name: 'span',
    kind: 1,
    startNanos: 1_764_064_800_000_000_000n,
    endNanos: 1_764_064_801_500_000_999n,
    attributes: Object.entries(attributes),
    events: [],
    links: [],
    status: { code: 0, message: '' },
    ...more,
  }
}

function callOf(attributes: Record<string, Json>, more: Partial<OtlpSpan> = {}) {
  const { start, end } = spanToCall(span(attributes, more), {})
  const { otel_span, ...rest } = JSON.parse(start.attributesJson)
  return {
    start,
    end,
    otelSpan: otel_span,
    attributes: rest,
    inputs: JSON.parse(start.inputsJson),
    output: JSON.parse(end.outputJson),
    summary: JSON.parse(end.summaryJson),
  }
}

describe('a span as a call', () => {
  it('takes the first of the known inputs and outputs that is not empty', () => {
    // A text at `input` takes the place of a tree at `input.value`, so the two are not sent together.
    const from = (keys: string[], index: number) =>
      Object.fromEntries(
        keys
          .slice(index)
          .filter((one) => one === keys[index] || !['input', 'output'].includes(one))
          .map((one) => [one, `of ${one}`]),
      )
    for (const [index, key] of INPUT_KEYS.entries()) {
      const all = from(INPUT_KEYS, index)
      expect(callOf({ ...all, [INPUT_KEYS[index - 1] ?? 'other']: '' }).inputs).toEqual({ [key]: `of ${key}` })
    }
    for (const [index, key] of OUTPUT_KEYS.entries()) {
      const all = from(OUTPUT_KEYS, index)
      const isPlain = key === 'output' || key === 'outputs'
      expect(callOf(all).output).toEqual(isPlain ? `of ${key}` : { [key]: `of ${key}` })
    }
    expect(callOf({ input: '{"question":"why?"}' }).inputs).toEqual({ question: 'why?' })
    expect(callOf({ outputs: '[1,2]' }).output).toEqual([1, 2])
  })

  it('takes usage and attributes from wherever an instrumentation puts them', () => {
    for (const [name, keys] of Object.entries(USAGE_KEYS))
      for (const key of keys) expect(callOf({ [key]: '7' }).summary.usage.usage[name]).toBe(7)
    for (const [name, keys] of Object.entries(ATTRIBUTE_KEYS))
      for (const key of keys) expect(callOf({ [key]: 'x' }).attributes[name], key).toBe('x')
    expect(callOf({ 'gen_ai.usage.input_tokens': 3, 'gen_ai.usage.output_tokens': 4 }).summary).toEqual({
      usage: { usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } },
    })
    const parameters = callOf({ 'llm.invocation_parameters': '{"model":"m-1","temperature":0}' })
    expect(Object.keys(parameters.summary.usage)).toEqual(['m-1'])
  })

  it('keeps all attributes when it knows none of them, and those of wandb beside the known ones', () => {
    expect(callOf({ 'http.method': 'GET', 'http.headers.0': 'a', 'http.headers.1': 'b' }).attributes).toEqual({
      http: { method: 'GET', headers: ['a', 'b'] },
    })
    expect(callOf({ 'llm.system': 'x', 'wandb.attributes': { team: 'blue' }, other: 1 }).attributes).toEqual({
      system: 'x',
      team: 'blue',
    })
  })

  it('knows threads and turns, display names, runs and times that count more', () => {
    const turn = callOf({ 'gcp.vertex.agent.session_id': 's-1' }).start
    expect([turn.threadId, turn.turnId]).toEqual(['s-1', '00f067aa0ba902b1'])
    const inner = callOf({ 'wandb.thread_id': 't', 'wandb.is_turn': false }).start
    expect([inner.threadId, inner.turnId]).toEqual(['t', null])
    expect(callOf({ 'wandb.wb_run_id': 'run', 'wandb.wb_run_step': 3, 'wandb.wb_run_step_end': '4' })).toMatchObject({
      start: { wbRunId: 'run', wbRunStep: 3 },
      end: { wbRunStepEnd: 4 },
    })
    expect(callOf({}).end.endedAt).toBe('2025-11-25T10:00:01.500000Z')
    expect(
      callOf({ 'langfuse.startTime': '2025-01-01T00:00:00.5Z', 'langfuse.endTime': '"2025-01-01T00:00:01Z"' }),
    ).toMatchObject({
      start: { startedAt: '2025-01-01T00:00:00.500000Z' },
      end: { endedAt: '2025-01-01T00:00:01.000000Z' },
    })
  })

  it('shortens long names at a word, so that they stay different', () => {
    const name = (end: string) => callOf({}, { name: `${'a word '.repeat(30)}${end}` }).start.opName
    expect(name('one')).toMatch(/^(a word )+a( word)?:[0-9a-f]{4}$/)
    expect(name('one').length).toBeLessThanOrEqual(128)
    expect(name('one')).not.toBe(name('two'))
    expect(callOf({}, { name: 'x'.repeat(127) }).start.opName).toHaveLength(127)
    expect(callOf({}, { name: 'x'.repeat(128) }).start.opName).toHaveLength(128)
    expect(callOf({ 'wandb.display_name': 'x'.repeat(2000) }).start.displayName).toHaveLength(1024)
  })

  it('fails with what the span says, or its exception event', () => {
    const failed = { status: { code: 2, message: '' } }
    expect(callOf({}, { status: { code: 2, message: 'boom' } }).end.exception).toBe('boom')
    const events = [{ name: 'exception', nanos: 0n, attributes: [['exception.message', 'bang']] as [string, Json][] }]
    expect(callOf({}, { ...failed, events }).end.exception).toBe('bang')
    expect(callOf({}, failed).end.exception).toBe('ERROR')
    expect(callOf({}, { status: { code: 1, message: 'fine' } }).end.exception).toBeNull()
  })

  it('is not confused by keys that JavaScript has a meaning for, nor by very deep ones', () => {
    expect(callOf({ '__proto__.polluted': 1, 'constructor.prototype': 2 }).attributes).toHaveProperty('constructor')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(() => attributeTree([[Array(100).fill('a').join('.'), 1]])).toThrow('Invalid attribute structure')
  })
})

describe('the layout of the OpenTelemetry JS exporter', () => {
  it('is read as it is', () => {
    // What @opentelemetry/exporter-trace-otlp-http writes for a span of the console example, shortened to one.
    const body = {
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'basic-service' } },
              { key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } },
              { key: 'process.pid', value: { intValue: 4711 } },
            ],
            droppedAttributesCount: 0,
          },
          scopeSpans: [
            {
              scope: { name: 'example-basic-tracer-node', version: '' },
              spans: [
                {
                  traceId: '5b8efff798038103d269b633813fc60c',
                  spanId: 'eee19b7ec3c1b174',
                  parentSpanId: 'eee19b7ec3c1b173',
                  name: 'doWork',
                  kind: 1,
                  startTimeUnixNano: '1764064800012000000',
                  endTimeUnixNano: '1764064800014250000',
                  attributes: [
                    { key: 'key', value: { stringValue: 'value' } },
                    { key: 'ratio', value: { doubleValue: 0.5 } },
                    { key: 'big', value: { intValue: '9007199254740993' } },
                    { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, { intValue: 2 }] } } },
                  ],
                  droppedAttributesCount: 0,
                  events: [
                    {
                      attributes: [],
                      name: 'invoking doWork',
                      timeUnixNano: '1764064800013000000',
                      droppedAttributesCount: 0,
                    },
                  ],
                  droppedEventsCount: 0,
                  status: { code: 0 },
                  links: [],
                  droppedLinksCount: 0,
                  flags: 257,
                },
              ],
            },
          ],
        },
      ],
    }
    const [resource] = readExportRequest(body)
    const { start, end } = spanToCall(resource?.spans[0] as OtlpSpan, attributeTree(resource?.attributes ?? []))
    expect(start).toMatchObject({
      opName: 'doWork',
      parentId: 'eee19b7ec3c1b173',
      startedAt: '2025-11-25T10:00:00.012000Z',
    })
    expect(end).toMatchObject({ endedAt: '2025-11-25T10:00:00.014250Z', exception: null })
    expect(start.attributesJson).toContain('"big":9007199254740993')
    expect(JSON.parse(start.attributesJson)).toMatchObject({
      key: 'value',
      ratio: 0.5,
      list: [true, 2],
      otel_span: {
        kind: 'INTERNAL',
        status: { code: 'UNSET' },
        events: [{ name: 'invoking doWork', timestamp: '2025-11-25T10:00:00.013000Z' }],
        resource: { attributes: { service: { name: 'basic-service' }, process: { pid: 4711 } } },
      },
    })
  })
})
