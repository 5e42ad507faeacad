import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CallPart } from '../call.ts'
import { SpanExporter } from './span-exporter.ts'
import type { JsonSpan } from './to-span.ts'

/** A collector on loopback that answers with these statuses, then with 200. */
async function collector(statuses: number[] = []) {
  const received: { url: string | undefined; key: unknown; spans: JsonSpan[] }[] = []
  const server = createServer(async (request, reply) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const [{ scopeSpans }] = JSON.parse(Buffer.concat(pieces).toString()).resourceSpans
    received.push({ url: request.url, key: request.headers['x-key'], spans: scopeSpans[0].spans })
    reply.writeHead(statuses.shift() ?? 200).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const errors: object[] = []
function exporterTo(endpoint: string, content = false) {
  errors.length = 0
  const log = { error: (details: object) => errors.push(details) }
  return new SpanExporter({
    config: { endpoint, headers: { 'x-key': 'k' }, content },
    log: log as never,
    pauseMs: 1,
  })
}

const call = (more: Partial<CallPart['start']> = {}): CallPart => ({
  projectId: 1,
  callId: '00112233-4455-8667-8002-0000000000ff',
  wbUserId: 'mina',
  start: {
    traceId: '00112233-4455-8667-8001-000000000007',
    parentId: '00112233-4455-8667-8001-000000000007',
    opName: 'etude.answer',
    displayName: 'lab',
    threadId: null,
    turnId: null,
    startedAt: '2026-11-25T10:00:00.000001Z',
    attributesJson: '{"etude":{"response_id":255}}',
    inputsJson: '{"prompt":"secret"}',
    wbRunId: null,
    wbRunStep: null,
    ...more,
  },
  end: {
    endedAt: '2026-11-25T10:00:01.500000Z',
    exception: null,
    outputJson: '{"text":"an answer"}',
    summaryJson: '{"usage":{"lab":{"prompt_tokens":3,"completion_tokens":4}}}',
    wbRunStepEnd: null,
  },
})

describe('spans of Etude’s own work', () => {
  it('reach a collector in the words of OpenTelemetry, without prompts and answers', async () => {
    const { received, endpoint } = await collector()
    const exporter = exporterTo(endpoint)
    exporter.add([call()])
    await exporter.close()
    expect(received).toMatchObject([{ url: '/v1/traces', key: 'k' }])
    const [span] = received[0]?.spans ?? []
    expect(span).toEqual({
      traceId: '00112233445586678001000000000007',
      spanId: '80020000000000ff',
      parentSpanId: '8001000000000007',
      name: 'etude.answer lab',
      kind: 3,
      startTimeUnixNano: '1795600800000001000',
      endTimeUnixNano: '1795600801500000000',
      attributes: [
        { key: 'enduser.id', value: { stringValue: 'mina' } },
        { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
        { key: 'gen_ai.request.model', value: { stringValue: 'lab' } },
        { key: 'gen_ai.usage.input_tokens', value: { intValue: '3' } },
        { key: 'gen_ai.usage.output_tokens', value: { intValue: '4' } },
        { key: 'etude.response_id', value: { intValue: '255' } },
      ],
      status: { code: 1 },
    })
  })

  it('hold prompts and answers when that is wanted', async () => {
    const { received, endpoint } = await collector()
    const exporter = exporterTo(endpoint, true)
    exporter.add([call()])
    await exporter.close()
    expect(JSON.stringify(received)).toContain('an answer')
  })

  it('are sent again when the collector is busy, and given up with a word in the log when it stays so', async () => {
    const { received, endpoint } = await collector([503, 503])
    const patient = exporterTo(endpoint)
    patient.add([call()])
    await expect.poll(() => received.length).toBe(3)
    await patient.close()
    expect(errors).toEqual([])

    const away = exporterTo('http://127.0.0.1:9')
    away.add([call(), call()])
    await away.close()
    expect(errors).toEqual([{ spans: 2 }])
  })
})
