import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Etude } from './client.ts'
import type { TurnEvent } from './turn-events.ts'
import { applyEvent, type TurnState } from './turn-state.ts'

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: unknown }
type Answer = (response: ServerResponse, seen: Seen) => void

/** A server on loopback that answers its requests one after another. */
async function serverThat(...answers: Answer[]) {
  const requests: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const { method = '', url = '', headers } = request
    const seen = { method, url, headers, body: body === '' ? undefined : JSON.parse(body) }
    requests.push(seen)
    answers[Math.min(requests.length, answers.length) - 1]?.(response, seen)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { etude: new Etude({ baseUrl, apiKey: 'key-1' }), requests }
}

const json =
  (status: number, body: unknown): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'r-1' })
    response.end(JSON.stringify(body))
  }

const frame = (id: number, type: string, data: object) => `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
const start = frame(1, 'turn-start', {
  session_id: 7,
  session_title: 'Hello',
  turn_id: 9,
  prompt_text: 'Hello?',
  created_at: '2026-03-01T09:00:00.000Z',
  lanes: [{ response_id: 1, session_model_id: 11, model_name: 'one', is_primary: true }],
})
const text = (id: number, offset: number, piece: string) =>
  frame(id, 'text-delta', { response_id: 1, offset, text: piece })
const turn = {
  session_id: 7,
  turn_id: 9,
  session_title: 'Hello',
  status: 'complete',
  prompt_text: 'Hello?',
  results: [],
}
const end = frame(9, 'turn-end', { result: turn })

/** Sends frames, then ends, or breaks the connection in the middle of the next one. */
const events =
  (frames: string[], { breaks = false } = {}): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(frames.join(''))
    if (!breaks) response.end()
    else response.write('id: 99\nevent: text-de', () => setTimeout(() => response.destroy(), 20))
  }

async function collect(reading: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = []
  for await (const event of reading) all.push(event)
  return all
}

describe('Etude', () => {
  it('asks several models one prompt and returns their answers', async () => {
    const { etude, requests } = await serverThat(json(201, turn))
    await expect(
      etude.run({ classId: 3, prompt: 'Hello?', models: ['one'], params: { temperature: 0.2 } }),
    ).resolves.toEqual(turn)
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: '/user/practice/sessions/run?class_id=3',
        headers: { authorization: 'Bearer key-1', accept: 'application/json' },
        body: { prompt_text: 'Hello?', model_names: ['one'], generation_params: { temperature: 0.2 } },
      },
    ])
  })

  it('throws what the server says, with its code and the id of the request', async () => {
    const { etude } = await serverThat(json(400, { detail: 'unknown_model', message: 'There is no model "x".' }))
    await expect(etude.run({ classId: 1, prompt: 'Hi', models: ['x'] })).rejects.toMatchObject({
      name: 'EtudeError',
      status: 400,
      code: 'unknown_model',
      message: 'There is no model "x".',
      requestId: 'r-1',
    })
  })

  it('understands refusals of validation and of things that are not Etude', async () => {
    const { etude } = await serverThat(json(422, { detail: [{ msg: 'x' }], message: 'Blank.' }), (response) =>
      response.writeHead(502).end('<html>Bad gateway</html>'),
    )
    await expect(etude.getMe()).rejects.toMatchObject({ code: 'validation_failed', message: 'Blank.' })
    await expect(etude.getMe()).rejects.toMatchObject({ code: 'http_502', status: 502 })
  })

  it('says so when there is no server', async () => {
    const etude = new Etude({ baseUrl: 'http://127.0.0.1:1' })
    await expect(etude.getMe()).rejects.toMatchObject({ code: 'unreachable', status: 0 })
  })

  it('streams a turn to its end', async () => {
    const { etude, requests } = await serverThat(events([start, ': keep-alive\n\n', text(2, 0, '안녕'), end]))
    const all = await collect(etude.streamRun({ classId: 1, prompt: 'Hello?' }))
    expect(all.map(({ id, type }) => [id, type])).toEqual([
      [1, 'turn-start'],
      [2, 'text-delta'],
      [9, 'turn-end'],
    ])
    expect(requests[0]?.headers.accept).toBe('text/event-stream')
    expect(requests[0]?.body).toEqual({ prompt_text: 'Hello?' })
  })

  it('goes on after the last event when the connection breaks, as often as it takes', async () => {
    const { etude, requests } = await serverThat(
      events([start, text(2, 0, 'Good ')], { breaks: true }),
      json(503, { detail: 'unavailable', message: 'Starting.' }),
      events([text(3, 0, 'Good mor')]),
      events([text(5, 5, 'morning'), frame(6, 'error', { detail: 'internal', message: 'Broken.' })]),
      events([text(5, 5, 'morning'), end]),
    )
    const states: string[] = []
    let state: TurnState | undefined
    const reading = etude.streamRun({ classId: 1, prompt: 'Hi' }, { onConnection: (now) => states.push(now) })
    for await (const event of reading) {
      if (event.type === 'turn-end') break
      state = applyEvent(state, event)
    }
    expect(state?.turn.results[0]?.response_text).toBe('Good morning')
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /user/practice/sessions/run?class_id=1',
      'GET /user/practice/turns/9/events?after=2',
      'GET /user/practice/turns/9/events?after=2',
      'GET /user/practice/turns/9/events?after=3',
      'GET /user/practice/turns/9/events?after=5',
    ])
    expect(states.at(0)).toBe('reconnecting')
    expect(states.at(-1)).toBe('connected')
  })

  it('never sends a prompt twice: when the turn could not be started it says so', async () => {
    const { etude, requests } = await serverThat(events([]))
    await expect(collect(etude.streamChat(7, { prompt: 'Hi' }))).rejects.toMatchObject({ code: 'connection_lost' })
    expect(requests).toHaveLength(1)
  })

  it('does not try again what the server has refused', async () => {
    const { etude, requests } = await serverThat(json(404, { detail: 'not_found', message: 'Gone.' }))
    await expect(collect(etude.followTurn(9))).rejects.toMatchObject({ code: 'not_found' })
    expect(requests).toHaveLength(1)
  })

  it('gives up after as many tries as it was told', async () => {
    const { etude, requests } = await serverThat(events([]))
    await expect(collect(etude.followTurn(9, { after: 4, retries: 1 }))).rejects.toMatchObject({
      code: 'connection_lost',
    })
    expect(requests.map(({ url }) => url)).toEqual(Array(2).fill('/user/practice/turns/9/events?after=4'))
  })

  it('stops reading when it is told to', async () => {
    const left = new AbortController()
    const { etude } = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(start)
    })
    const seen: string[] = []
    const reading = async () => {
      for await (const { type } of etude.followTurn(9, { signal: left.signal })) {
        seen.push(type)
        left.abort()
      }
    }
    await expect(reading()).rejects.toThrow()
    expect(seen).toEqual(['turn-start'])
  })

  it('ignores events that a newer server may send', async () => {
    const { etude } = await serverThat(events([start, frame(2, 'title-change', { title: 'New' }), end]))
    const all = await collect(etude.streamRun({ classId: 1, prompt: 'Hi' }))
    expect(all.map(({ type }) => type)).toEqual(['turn-start', 'turn-end'])
  })
})
