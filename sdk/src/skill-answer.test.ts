import { describe, expect, it } from 'vitest'
import { Etude } from './client.ts'

const frame = (event: string, data: object) => `id: 1\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
const call = (operationId: string, more: object = {}) => ({
  operationId,
  nameForHuman: 'Hotels',
  summary: '',
  arguments: {},
  outcome: 'complete',
  isSent: true,
  method: 'GET',
  status: 200,
  latencyMs: 3,
  message: '',
  ...more,
})

/** A client whose server answers with these pieces, one after the other. */
function etudeThatHears(pieces: readonly string[], { status = 200 } = {}) {
  const sent: { url: string; body: unknown; accept: string | null }[] = []
  let isCancelled = false
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    sent.push({
      url: String(url),
      body: JSON.parse(String(init.body)),
      accept: new Headers(init.headers).get('accept'),
    })
    const rest = pieces.map((piece) => new TextEncoder().encode(piece))
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = rest.shift()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
      cancel() {
        isCancelled = true
      },
    })
    return new Response(stream, { status })
  }
  return { etude: new Etude({ fetch: fetch as typeof globalThis.fetch }), sent, isCancelled: () => isCancelled }
}

describe('the answer of a skillset', () => {
  it('is told as it comes, each call with what went over the wire, if anything did', async () => {
    const api = { url: 'https://h.test/a?b=c', requestBody: 'b=c', responseBody: '{}', operationId: 'find' }
    const cot = { apiResult: [api], calls: [call('book', { isSent: false, outcome: 'refused' }), call('find')] }
    const text =
      frame('planning', { selectedSkill: ['hotels'], tokenCount: 1 }) +
      frame('cot', { ...cot, tokenCount: 2 }) +
      frame('token', { text: '두 곳' }) +
      frame('later', { unknown: true }) +
      frame('finalAnswer', { finalAnswer: '두 곳', apiResult: [api], useTask: false, tokenCount: 3 })
    const { etude, sent } = etudeThatHears([text.slice(0, 50), text.slice(50, 300), text.slice(300)])
    const events = []
    for await (const event of etude.skills.ask('abcd1234', 'Hotels?')) events.push(event)
    expect(events.map(({ type }) => type)).toEqual(['planning', 'cot', 'token', 'finalAnswer'])
    expect(events[1]).toMatchObject({
      calls: [
        { operation_id: 'book', status: 'refused', url: '', host: '' },
        {
          operation_id: 'find',
          status: 'complete',
          url: api.url,
          host: 'h.test',
          request_body: 'b=c',
          http_status: 200,
        },
      ],
    })
    expect(sent).toEqual([
      {
        url: '/v1/skillsets/abcd1234/versions/latest/final-answer',
        body: { query: 'Hotels?', tokenStream: true },
        accept: 'text/event-stream',
      },
    ])
  })

  it('fails with the server’s words, before the first event or on the way', async () => {
    const envelope = { status: { code: '64400', message: 'Too long.' } }
    const read = async (etude: Etude) => {
      for await (const _ of etude.skills.ask('abcd1234', 'Hotels?'));
    }
    const refused = etudeThatHears([JSON.stringify(envelope)], { status: 400 })
    await expect(read(refused.etude)).rejects.toMatchObject({ code: 'clova_64400', status: 400, message: 'Too long.' })
    const broken = etudeThatHears([frame('planning', { selectedSkill: [], tokenCount: 0 }), frame('error', envelope)])
    await expect(read(broken.etude)).rejects.toMatchObject({ code: 'clova_64400', message: 'Too long.' })
  })

  it('stops at the server when nobody reads on', async () => {
    const planning = frame('planning', { selectedSkill: [], tokenCount: 0 })
    const { etude, isCancelled } = etudeThatHears(Array(1_000).fill(planning))
    for await (const _ of etude.skills.ask('abcd1234', 'Hotels?')) break
    expect(isCancelled()).toBe(true)
  })
})
