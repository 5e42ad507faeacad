import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ModelConfig, ProviderConfig } from '../config.ts'
import { answer, FakeOpenAi, type FakeReply, type FakeRequest, type FakeStep } from './fake-openai.ts'
import type { ModelEvent } from './language-model.ts'
import type { ModelError } from './model-error.ts'
import { OpenAiCompatibleModel } from './openai-compatible.ts'
import { ProviderConnection } from './provider-connection.ts'
import { collect, testModel, testProvider, testRequest, textOf } from './testing.ts'

type Replies = FakeReply[] | [(request: FakeRequest, index: number) => FakeReply]

async function serve(replies: Replies, provider: Partial<ProviderConfig> = {}, config: Partial<ModelConfig> = {}) {
  const server = await FakeOpenAi.start(...replies)
  const connection = new ProviderConnection(
    testProvider({ baseUrl: server.baseUrl, apiKey: 'lab-key-1', ...provider }),
    () => 0,
  )
  const model = new OpenAiCompatibleModel(connection, testModel(config))
  onTestFinished(async () => {
    await connection.close()
    await server.close()
  })
  const ask = (request = testRequest(), signal = new AbortController().signal) => collect(model.stream(request, signal))
  return { server, connection, model, ask }
}

/** The failure of an answer, and what had been said before it. */
async function failureOf(stream: AsyncIterable<ModelEvent>) {
  const events: ModelEvent[] = []
  try {
    for await (const event of stream) events.push(event)
  } catch (error) {
    return { error: error as ModelError, text: textOf(events) }
  }
  throw new Error('it did not fail')
}

const streamed = (...steps: FakeStep[]): FakeReply => ({ steps })
const never = () => new AbortController().signal

describe('an OpenAI-compatible model', () => {
  it('yields the text as it comes, then usage, then the end', async () => {
    const { ask } = await serve([
      answer(['안녕', ' ', '"세계"\n', '🙂', ' plain'], {
        usage: {
          prompt_tokens: 9,
          completion_tokens: 7,
          prompt_tokens_details: { cached_tokens: 4 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      }),
    ])

    const events = await ask()

    expect(textOf(events)).toBe('안녕 "세계"\n🙂 plain')
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { inputTokens: 9, outputTokens: 7, cachedInputTokens: 4, reasoningTokens: 2 } },
      { type: 'end', finishReason: 'stop' },
    ])
  })

  it('sends messages, images, tools and parameters as the protocol has them', async () => {
    const { ask, server } = await serve([answer(['ok'])], { headers: { 'X-Extra': 'yes' } })

    await ask({
      messages: [
        { role: 'system', content: 'be kind' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what?' },
            { type: 'image', url: 'data:image/png;base64,AA==' },
          ],
        },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'look', argumentsJson: '{"at":1}' }] },
        { role: 'tool', toolCallId: 'c1', content: 'a cat' },
      ],
      parameters: {
        maxOutputTokens: 50,
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        stop: ['END'],
        seed: 7,
        repetitionPenalty: 1.1,
      },
      tools: [{ name: 'look', description: 'looks', parameters: { type: 'object' } }],
      toolChoice: { name: 'look' },
      responseFormat: { type: 'json', schema: { type: 'object' }, name: 'thing' },
    })

    const [request] = server.requests
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(request?.headers).toMatchObject({ authorization: 'Bearer lab-key-1', 'x-extra': 'yes' })
    expect(request?.body).toEqual({
      model: 'small-1',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'be kind' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
      ],
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      repetition_penalty: 1.1,
      stop: ['END'],
      seed: 7,
      tools: [{ type: 'function', function: { name: 'look', description: 'looks', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: { type: 'json_schema', json_schema: { name: 'thing', schema: { type: 'object' } } },
    })
  })

  it('tells reasoning from the answer', async () => {
    const { ask } = await serve([
      streamed(
        { do: 'delta', delta: { reasoning_content: 'hm, ' } },
        { do: 'wait', ms: 20 },
        { do: 'delta', delta: { reasoning: 'well' } },
        { do: 'text', text: 'yes' },
        { do: 'finish' },
        { do: 'done' },
      ),
    ])

    const events = await ask()

    expect(
      events
        .filter((event) => event.type === 'reasoning-delta')
        .map((event) => event.text)
        .join(''),
    ).toBe('hm, well')
    expect(textOf(events)).toBe('yes')
  })

  it('passes tool calls on in pieces', async () => {
    const piece = (index: number, args: string, begin?: { id: string; name: string }): FakeStep => ({
      do: 'delta',
      delta: {
        tool_calls: [
          {
            index,
            ...(begin && { id: begin.id, type: 'function' }),
            function: { ...(begin && { name: begin.name }), arguments: args },
          },
        ],
      },
    })
    const { ask } = await serve([
      streamed(
        piece(0, '', { id: 'a', name: 'add' }),
        piece(0, '{"x":'),
        piece(0, '1}'),
        piece(1, '{}', { id: 'b', name: 'now' }),
        { do: 'finish', reason: 'tool_calls' },
        { do: 'done' },
      ),
    ])

    expect(await ask()).toEqual([
      { type: 'tool-call-delta', index: 0, id: 'a', name: 'add', argumentsJson: '' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{"x":' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '1}' },
      { type: 'tool-call-delta', index: 1, id: 'b', name: 'now', argumentsJson: '{}' },
      { type: 'end', finishReason: 'tool-calls' },
    ])
  })

  it.each([
    ['[DONE] is missing', streamed({ do: 'text', text: 'fine' }, { do: 'finish' })],
    ['only [DONE] tells the end', streamed({ do: 'text', text: 'fine' }, { do: 'done' })],
    [
      'the socket stays open after [DONE]',
      streamed({ do: 'text', text: 'fine' }, { do: 'finish' }, { do: 'done' }, { do: 'hang' }),
    ],
    [
      'the last event lacks its blank line',
      streamed(
        { do: 'text', text: 'fine' },
        { do: 'raw', raw: 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}' },
      ),
    ],
    [
      'a whole JSON answer comes instead of a stream',
      { json: { choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }] } },
    ],
    [
      'the connection is cut after the finish reason',
      streamed({ do: 'text', text: 'fine' }, { do: 'finish' }, { do: 'destroy' }),
    ],
    [
      'lines end in CR LF and comments come between',
      streamed({
        do: 'raw',
        raw: ': hi\r\n\r\ndata: {"choices":[{"delta":{"content":"fine"}}]}\r\n\r\ndata: [DONE]\r\n\r\n',
      }),
    ],
  ] satisfies [string, FakeReply][])('understands an answer when %s', async (_what, reply) => {
    const { ask } = await serve([reply])
    const events = await ask()
    expect(textOf(events)).toBe('fine')
    expect(events.at(-1)).toEqual({ type: 'end', finishReason: 'stop' })
  })

  it('reads characters and events that are cut anywhere between packets', async () => {
    const bytes = Buffer.from(
      ['가나다', '🙂', '"q"', '\\', 'plain', '라']
        .map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
        .join(''),
    )
    const steps: FakeStep[] = []
    for (let at = 0; at < bytes.length; at += 7)
      steps.push({ do: 'raw', raw: bytes.subarray(at, at + 7) }, { do: 'wait', ms: 1 })
    const { ask } = await serve([streamed(...steps, { do: 'done' })])
    expect(textOf(await ask())).toBe('가나다🙂"q"\\plain라')
  })

  it('asks again without stream_options when the server refuses them, and remembers', async () => {
    const { ask, server } = await serve([
      ({ body }) =>
        body.stream_options ? { status: 400, json: { message: 'Unrecognised field stream_options' } } : answer(['ok']),
    ])
    await ask()
    await ask()
    expect(server.requests.map((request) => 'stream_options' in request.body)).toEqual([true, false, false])
  })

  it('learns that a server wants max_completion_tokens', async () => {
    const { ask, server } = await serve([
      ({ body }) =>
        'max_tokens' in body
          ? {
              status: 400,
              json: { error: { message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." } },
            }
          : answer(['ok']),
    ])
    await ask(testRequest('x', { parameters: { maxOutputTokens: 9 } }))
    expect(server.requests.at(-1)?.body).toMatchObject({ max_completion_tokens: 9 })
  })

  it('sends max_completion_tokens to reasoning models at once', async () => {
    const { ask, server } = await serve([answer(['ok'])], {}, { model: 'openai/o3-mini' })
    await ask(testRequest('x', { parameters: { maxOutputTokens: 9 } }))
    expect(server.requests[0]?.body).toMatchObject({ max_completion_tokens: 9 })
  })
})

describe('a provider that fails', () => {
  it.each([
    [401, { error: { message: 'Incorrect API key provided: lab-key-1' } }, 'invalid_credentials'],
    [403, { error: { message: 'no access' } }, 'invalid_credentials'],
    [404, { error: { message: 'The model `small-1` does not exist', code: 'model_not_found' } }, 'model_unavailable'],
    [404, { error: "model 'small-1' not found, try pulling it first" }, 'model_unavailable'],
    [429, { error: { message: 'slow down' } }, 'rate_limited'],
    [500, { error: { message: 'oops' } }, 'model_unavailable'],
    [503, 'Service Unavailable', 'model_unavailable'],
    [400, { error: { message: 'too big', code: 'context_length_exceeded' } }, 'context_too_long'],
    [
      400,
      { object: 'error', message: "This model's maximum context length is 4096 tokens.", code: 400 },
      'context_too_long',
    ],
    [
      400,
      {
        error: {
          code: 400,
          message: 'the request exceeds the available context size',
          type: 'exceed_context_size_error',
        },
      },
      'context_too_long',
    ],
    [400, { status: { code: '40003', message: 'Text too long' } }, 'context_too_long'],
    [
      400,
      { error: { message: 'Context length exceeded', type: null, param: null, code: '40003' } },
      'context_too_long',
    ],
    [400, { error: { message: 'The response was filtered', code: 'content_filter' } }, 'content_refused'],
    [400, { error: { message: 'rejected by our content policy' } }, 'content_refused'],
    [400, { error: { message: "'temperature' must be below 2" } }, 'protocol_error'],
  ])('HTTP %i %j becomes %s', async (status, json, code) => {
    const { model } = await serve([typeof json === 'string' ? { status, body: json } : { status, json }])
    const { error } = await failureOf(model.stream(testRequest(), never()))
    expect(error).toMatchObject({ code, name: 'ModelError' })
    expect(error.providerMessage).toBeTruthy()
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('lab-key-1')
  })

  it('keeps at most 2,000 characters of its words', async () => {
    const { model } = await serve([{ status: 400, json: { error: { message: 'long '.repeat(100_000) } } }])
    const { error } = await failureOf(model.stream(testRequest(), never()))
    expect(error.providerMessage?.length).toBe(2000)
  })

  it('is not reachable', async () => {
    const { model, server } = await serve([answer(['x'])])
    await server.close()
    const { error } = await failureOf(model.stream(testRequest(), never()))
    expect(error).toMatchObject({ code: 'model_unavailable' })
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('has a name that does not exist', async () => {
    const { model } = await serve([], { baseUrl: 'http://nowhere.invalid/v1' })
    expect((await failureOf(model.stream(testRequest(), never()))).error).toMatchObject({ code: 'model_unavailable' })
  })

  it('redirects, which is not followed', async () => {
    const elsewhere = await FakeOpenAi.start(answer(['stolen']))
    onTestFinished(() => elsewhere.close())
    const { model } = await serve([{ status: 307, headers: { location: `${elsewhere.baseUrl}/chat/completions` } }])
    expect((await failureOf(model.stream(testRequest(), never()))).error.code).toBe('protocol_error')
    expect(elsewhere.requests).toEqual([])
  })

  it.each([
    ['hangs before the stream', { hangs: true }, ''],
    ['hangs after the headers', streamed({ do: 'hang' }), ''],
    ['hangs inside the stream', streamed({ do: 'text', text: 'half' }, { do: 'hang' }), 'half'],
  ] satisfies [string, FakeReply, string][])('%s', async (_what, reply, text) => {
    const { model, server } = await serve([reply], { idleTimeoutMs: 150 })
    const failed = await failureOf(model.stream(testRequest(), never()))
    expect(failed).toMatchObject({ error: { code: 'timeout' }, text })
    await vi.waitFor(() => expect(server.active).toBe(0))
  })

  it.each([
    ['sends a chunk that is not JSON', [{ do: 'raw', raw: 'data: {"choices": [\n\n' }]],
    ['sends a chunk that is not an object', [{ do: 'raw', raw: 'data: 42\n\n' }]],
    ['closes early', []],
    ['cuts the connection', [{ do: 'destroy' }]],
    [
      'begins a tool call without a name',
      [{ do: 'delta', delta: { tool_calls: [{ index: 0, function: { arguments: '{' } }] } }],
    ],
  ] satisfies [string, FakeStep[]][])('%s', async (_what, steps) => {
    const { model } = await serve([streamed({ do: 'text', text: 'half' }, { do: 'wait', ms: 20 }, ...steps)])
    expect(await failureOf(model.stream(testRequest(), never()))).toMatchObject({
      error: { code: 'protocol_error' },
      text: 'half',
    })
  })

  it.each([
    ['nothing at all', { body: '', headers: { 'content-type': 'text/event-stream' } }],
    ['a web page', { body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }],
    ['JSON without an answer', { json: { ok: true } }],
    ['broken JSON', { body: '{"choices":' }],
    [
      'a compressed stream',
      { body: 'zzz', headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' } },
    ],
  ] satisfies [string, FakeReply][])('answers %s', async (_what, reply) => {
    const { model } = await serve([reply])
    expect((await failureOf(model.stream(testRequest(), never()))).error.code).toBe('protocol_error')
  })

  it.each([
    [
      'data: {"error":{"message":"the context length is too small","code":"context_length_exceeded"}}\n\n',
      'context_too_long',
    ],
    ['data: {"error":{"message":"overloaded","code":503}}\n\n', 'model_unavailable'],
    [
      'event: error\ndata: {"status":{"code":"42901","message":"Too many requests - rate exceeded"}}\n\n',
      'rate_limited',
    ],
    ['event: error\ndata: out of memory\n\n', 'model_unavailable'],
  ])('reports an error inside the stream: %j', async (raw, code) => {
    const { model } = await serve([streamed({ do: 'text', text: 'half' }, { do: 'raw', raw })])
    expect(await failureOf(model.stream(testRequest(), never()))).toMatchObject({ error: { code }, text: 'half' })
  })

  it.each([
    ['text without end', { do: 'endless', text: 'spam '.repeat(1000) }],
    ['one endless line', { do: 'endless-raw', raw: 'x'.repeat(100_000) }],
    ['an endless data line', { do: 'endless-raw', raw: `data: ${'x'.repeat(100_000)}` }],
    ['nothing but data without an event', { do: 'endless-raw', raw: `data: ${'x'.repeat(100_000)}\n` }],
  ] satisfies [string, FakeStep][])('streams %s, which is cut off', async (_what, step) => {
    const { model, server } = await serve([streamed(step)])
    expect((await failureOf(model.stream(testRequest(), never()))).error.code).toBe('protocol_error')
    await vi.waitFor(() => expect(server.active).toBe(0))
    // What sockets hold on their way comes on top of the few megabytes that are read.
    expect(server.endlessBytes).toBeLessThan(64 * 1024 * 1024)
  })

  it('keeps little in memory for a reader who does not read', async () => {
    const { model, server } = await serve(
      [streamed({ do: 'endless', text: 'spam '.repeat(1000) })],
      {},
      { maxOutputTokens: 100_000_000 },
    )
    const stop = new AbortController()
    const events = model.stream(testRequest(), stop.signal)[Symbol.asyncIterator]()
    await events.next()
    // The server stands still once nobody takes what it writes.
    let written = -1
    await vi.waitFor(
      () => {
        const before = written
        written = server.endlessBytes
        expect(written).toBe(before)
      },
      { timeout: 4000, interval: 100 },
    )
    expect(written).toBeLessThan(64 * 1024 * 1024)
    expect(server.active).toBe(1)
    stop.abort()
    await vi.waitFor(() => expect(server.active).toBe(0))
  })
})

describe('trying again', () => {
  it.each([408, 409, 429, 500, 503])('helps after HTTP %i', async (status) => {
    const { ask, server } = await serve([{ status, headers: { 'retry-after': '0' } }, answer(['ok'])], { retries: 1 })
    expect(textOf(await ask())).toBe('ok')
    expect(server.requests).toHaveLength(2)
  })

  it('helps after a connection that broke before anything was said', async () => {
    const { ask } = await serve([streamed({ do: 'destroy' }), answer(['ok'])], { retries: 1 })
    expect(textOf(await ask())).toBe('ok')
  })

  it('ends after the configured number of tries', async () => {
    const { model, server } = await serve([{ status: 503, headers: { 'retry-after-ms': '1' } }], { retries: 2 })
    expect((await failureOf(model.stream(testRequest(), never()))).error.code).toBe('model_unavailable')
    expect(server.requests).toHaveLength(3)
  })

  it('waits as long as Retry-After says', async () => {
    const { ask } = await serve([{ status: 429, headers: { 'retry-after': '1' } }, answer(['ok'])], { retries: 1 })
    const before = performance.now()
    await ask()
    expect(performance.now() - before).toBeGreaterThan(950)
  })

  it.each([
    ['seconds', () => '120'],
    ['a date', () => new Date(Date.now() + 120_000).toUTCString()],
  ])('does not wait longer than 30 s (Retry-After as %s): it fails and tells', async (_what, header) => {
    const { model, server } = await serve([{ status: 429, headers: { 'retry-after': header() } }], { retries: 3 })
    const { error } = await failureOf(model.stream(testRequest(), never()))
    expect(error.code).toBe('rate_limited')
    expect(error.retryAfterSeconds).toBeGreaterThan(115)
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(120)
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['a refusal', { status: 400, json: { error: { message: 'stream_options? no' } } }],
    ['a wrong key', { status: 401 }],
    [
      'a quota that is used up',
      { status: 429, json: { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } } },
    ],
  ] satisfies [string, FakeReply][])('is not for %s', async (_what, reply) => {
    const { model, server } = await serve([reply], { retries: 3 })
    await failureOf(model.stream(testRequest(), never()))
    expect(server.requests.length).toBeLessThanOrEqual(2)
  })

  it('is not done once something was said', async () => {
    const { model, server } = await serve([streamed({ do: 'text', text: 'half' }, { do: 'destroy' })], { retries: 3 })
    expect((await failureOf(model.stream(testRequest(), never()))).text).toBe('half')
    expect(server.requests).toHaveLength(1)
  })
})

describe('cancelling', () => {
  it.each([
    ['before the headers', { hangs: true }],
    ['inside the stream', streamed({ do: 'text', text: 'half' }, { do: 'hang' })],
    ['while text pours in', streamed({ do: 'endless', text: 'x' })],
  ] satisfies [string, FakeReply][])('reaches the server within a second, %s', async (_what, reply) => {
    const { server, model } = await serve([reply], {}, { maxOutputTokens: 10_000_000 })
    const stop = new AbortController()
    const reading = collect(model.stream(testRequest(), stop.signal))
    await vi.waitFor(() => expect(server.active).toBe(1))
    stop.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    await vi.waitFor(() => expect(server.active).toBe(0), { timeout: 1000 })
    expect(server.abandoned).toBe(1)
  })

  it('ends a wait between tries', async () => {
    const { model } = await serve([{ status: 429, headers: { 'retry-after': '20' } }], { retries: 1 })
    const stop = new AbortController()
    const reading = collect(model.stream(testRequest(), stop.signal))
    setTimeout(() => stop.abort(new Error('enough')), 100)
    await expect(reading).rejects.toThrow('enough')
  })

  it('sends nothing when it is already too late', async () => {
    const { ask, server } = await serve([answer(['x'])])
    await expect(ask(testRequest(), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(server.requests).toEqual([])
  })

  it('happens when the reader leaves the loop', async () => {
    const { server, model } = await serve([streamed({ do: 'text', text: 'half' }, { do: 'hang' })])
    for await (const _event of model.stream(testRequest(), never())) break
    await vi.waitFor(() => expect(server.abandoned).toBe(1))
  })
})

describe('the concurrency limit', () => {
  it('lets only so many requests through at once, and all of them in the end', async () => {
    const { ask, server, connection } = await serve([{ ...answer(['ok']), delayMs: 20 }], { concurrency: 2 })
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask()))
    expect(answers.map(textOf)).toEqual(Array.from({ length: 8 }, () => 'ok'))
    expect(server.mostActive).toBe(2)
    expect(connection.policy.limit.inside).toBe(0)
  })

  it('gives the place back after failures, cancelling and leaving', async () => {
    const { ask, model, connection } = await serve(
      [
        { status: 500 },
        streamed({ do: 'text', text: 'half' }, { do: 'hang' }),
        streamed({ do: 'text', text: 'half' }, { do: 'hang' }),
        answer(['ok']),
      ],
      { concurrency: 1 },
    )
    await expect(ask()).rejects.toMatchObject({ code: 'model_unavailable' })
    for await (const _event of model.stream(testRequest(), never())) break
    const stop = new AbortController()
    await expect(async () => {
      for await (const _event of model.stream(testRequest(), stop.signal)) stop.abort(new Error('enough'))
    }).rejects.toThrow('enough')
    expect(textOf(await ask())).toBe('ok')
    expect(connection.policy.limit.inside).toBe(0)
  })

  it('lets one who waits give up without disturbing the others', async () => {
    const { ask, server, connection } = await serve([{ ...answer(['ok']), delayMs: 100 }], { concurrency: 1 })
    const stop = new AbortController()
    const first = ask()
    const impatient = ask(testRequest(), stop.signal)
    const third = ask()
    stop.abort(new Error('enough'))
    await expect(impatient).rejects.toThrow('enough')
    expect(connection.policy.limit.waiting).toBe(1)
    expect([textOf(await first), textOf(await third)]).toEqual(['ok', 'ok'])
    expect(server.requests).toHaveLength(2)
  })
})
