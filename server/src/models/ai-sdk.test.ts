import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ProviderConfig } from '../config.ts'
import { AiSdkModel } from './ai-sdk.ts'
import { FakeOpenAi, type FakeReply, type FakeRequest, type FakeStep } from './fake-openai.ts'
import type { ModelEvent } from './language-model.ts'
import type { ModelError } from './model-error.ts'
import { ProviderConnection } from './provider-connection.ts'
import { collect, testModel, testProvider, testRequest, textOf } from './testing.ts'

type Replies = FakeReply[] | [(request: FakeRequest, index: number) => FakeReply]

async function serve(kind: 'anthropic' | 'google', replies: Replies, provider: Partial<ProviderConfig> = {}) {
  const server = await FakeOpenAi.start(...replies)
  const connection = new ProviderConnection(
    testProvider({ name: kind, kind, baseUrl: server.baseUrl, apiKey: 'vendor-key-1', ...provider }),
    () => 0,
  )
  const model = new AiSdkModel(
    connection,
    testModel({ model: kind === 'anthropic' ? 'claude-sonnet-4-5' : 'gemini-2.5-flash' }),
  )
  onTestFinished(async () => {
    await connection.close()
    await server.close()
  })
  return { server, connection, model, ask: (request = testRequest()) => collect(model.stream(request, never())) }
}

const never = () => new AbortController().signal

async function failureOf(stream: AsyncIterable<ModelEvent>) {
  const events: ModelEvent[] = []
  try {
    for await (const event of stream) events.push(event)
  } catch (error) {
    return { error: error as ModelError, text: textOf(events) }
  }
  throw new Error('it did not fail')
}

/** Anthropic's events, as its Messages API streams them. */
const anthropic = {
  event: (data: { type: string; [key: string]: unknown }): FakeStep => ({
    do: 'raw',
    raw: `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`,
  }),
  begin(): FakeStep[] {
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
    }
    return [
      anthropic.event({
        type: 'message_start',
        message: { ...message, usage: { input_tokens: 11, cache_read_input_tokens: 4, output_tokens: 1 } },
      }),
      anthropic.event({ type: 'ping' }),
    ]
  },
  text: (text: string): FakeStep =>
    anthropic.event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  begun(text: string): FakeStep[] {
    return [
      ...anthropic.begin(),
      anthropic.event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      anthropic.text(text),
    ]
  },
  end(stopReason = 'end_turn'): FakeStep[] {
    return [
      anthropic.event({ type: 'content_block_stop', index: 0 }),
      anthropic.event({
        type: 'message_delta',
        delta: { stop_reason: stopReason, stop_sequence: null },
        usage: { output_tokens: 7 },
      }),
      anthropic.event({ type: 'message_stop' }),
    ]
  },
}

/** A chunk of Google's streamGenerateContent. */
const google = (parts: object[], extra: object = {}, finishReason?: string): FakeStep => ({
  do: 'raw',
  raw: `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts }, index: 0, ...(finishReason && { finishReason }) }], ...extra })}\r\n\r\n`,
})

describe('a model of Anthropic', () => {
  it('yields text, usage and the end', async () => {
    const { ask, server } = await serve('anthropic', [
      { steps: [...anthropic.begun('Hel'), anthropic.text('lo'), ...anthropic.end()] },
    ])

    const events = await ask({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what?' },
            { type: 'image', url: 'data:image/png;base64,AAAA' },
          ],
        },
        { role: 'assistant', content: 'well', toolCalls: [{ id: 't1', name: 'look', argumentsJson: '{"at":1}' }] },
        { role: 'tool', toolCallId: 't1', content: 'a cat' },
        { role: 'system', content: 'be kind' },
      ],
      parameters: { temperature: 0.5, stop: ['END'] },
    })

    expect(textOf(events)).toBe('Hello')
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { inputTokens: 15, outputTokens: 7, cachedInputTokens: 4 } },
      { type: 'end', finishReason: 'stop' },
    ])
    expect(server.requests[0]).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'vendor-key-1' },
      body: {
        model: 'claude-sonnet-4-5',
        max_tokens: 1024,
        temperature: 0.5,
        stop_sequences: ['END'],
        system: [{ type: 'text', text: 'be kind' }],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
            ],
          },
          {
            role: 'assistant',
            content: [{ type: 'text' }, { type: 'tool_use', id: 't1', name: 'look', input: { at: 1 } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1' }] },
        ],
      },
    })
  })

  it('passes thinking and tool calls on', async () => {
    const { ask } = await serve('anthropic', [
      {
        steps: [
          ...anthropic.begin(),
          anthropic.event({
            type: 'content_block_start',
            index: 0,
            content_block: { type: 'thinking', thinking: '', signature: '' },
          }),
          anthropic.event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } }),
          anthropic.event({ type: 'content_block_stop', index: 0 }),
          anthropic.event({
            type: 'content_block_start',
            index: 1,
            content_block: { type: 'tool_use', id: 't1', name: 'look', input: {} },
          }),
          anthropic.event({
            type: 'content_block_delta',
            index: 1,
            delta: { type: 'input_json_delta', partial_json: '{"at"' },
          }),
          anthropic.event({
            type: 'content_block_delta',
            index: 1,
            delta: { type: 'input_json_delta', partial_json: ':1}' },
          }),
          anthropic.event({ type: 'content_block_stop', index: 1 }),
          ...anthropic.end('tool_use').slice(1),
        ],
      },
    ])
    const events = await ask(
      testRequest('x', { tools: [{ name: 'look', parameters: { type: 'object', properties: {} } }] }),
    )
    expect(events[0]).toEqual({ type: 'reasoning-delta', text: 'hm' })
    expect(events[1]).toMatchObject({ type: 'tool-call-delta', index: 0, id: 't1', name: 'look' })
    expect(events.map((event) => (event.type === 'tool-call-delta' ? event.argumentsJson : '')).join('')).toBe(
      '{"at":1}',
    )
    expect(events.at(-1)).toEqual({ type: 'end', finishReason: 'tool-calls' })
  })

  it.each([
    [
      401,
      { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key vendor-key-1' } },
      'invalid_credentials',
    ],
    [404, { type: 'error', error: { type: 'not_found_error', message: 'model: claude-0' } }, 'model_unavailable'],
    [
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
      },
      'context_too_long',
    ],
    [429, { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }, 'rate_limited'],
    [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'model_unavailable'],
    [307, {}, 'protocol_error'],
  ])('turns HTTP %i into a code', async (status, json, code) => {
    const { model } = await serve('anthropic', [{ status, json, headers: { location: 'http://127.0.0.1:9/' } }])
    const { error } = await failureOf(model.stream(testRequest(), never()))
    expect(error).toMatchObject({ code, name: 'ModelError' })
    expect(`${error.message} ${error.providerMessage}`).not.toContain('vendor-key-1')
  })

  it.each([
    ['closes early', [], 'protocol_error'],
    ['cuts the connection', [{ do: 'destroy' }], 'protocol_error'],
    ['sends broken JSON', [{ do: 'raw', raw: 'event: content_block_delta\ndata: {"type":\n\n' }], 'protocol_error'],
    [
      'reports that it is overloaded',
      [anthropic.event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })],
      'model_unavailable',
    ],
    [
      'goes on without end',
      [
        {
          do: 'endless-raw',
          raw: `data: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(5000) } })}\n\n`,
        },
      ],
      'protocol_error',
    ],
    ['falls silent', [{ do: 'hang' }], 'timeout'],
  ] satisfies [string, FakeStep[], string][])('fails when the stream %s', async (_what, steps, code) => {
    const { model, server } = await serve(
      'anthropic',
      [{ steps: [...anthropic.begun('half'), { do: 'wait', ms: 30 }, ...steps] }],
      { idleTimeoutMs: 300 },
    )
    const failed = await failureOf(model.stream(testRequest(), never()))
    expect(failed.error.code).toBe(code)
    expect(failed.text).toMatch(/^half/)
    await vi.waitFor(() => expect(server.active).toBe(0))
  })

  it('is tried again after it was overloaded', async () => {
    const { ask, server } = await serve(
      'anthropic',
      [{ status: 529, headers: { 'retry-after': '0' } }, { steps: [...anthropic.begun('ok'), ...anthropic.end()] }],
      { retries: 1 },
    )
    expect(textOf(await ask())).toBe('ok')
    expect(server.requests).toHaveLength(2)
  })

  it.each([
    ['before the headers', { hangs: true }],
    ['inside the stream', { steps: [...anthropic.begun('half'), { do: 'hang' }] }],
  ] satisfies [string, FakeReply][])('is cancelled %s, and its place is free again', async (_what, reply) => {
    const { model, server, connection } = await serve('anthropic', [reply])
    const stop = new AbortController()
    const reading = collect(model.stream(testRequest(), stop.signal))
    await vi.waitFor(() => expect(server.active).toBe(1))
    stop.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    await vi.waitFor(() => expect(server.active).toBe(0))
    expect(connection.policy.limit.inside).toBe(0)
  })

  it('is cancelled when the reader leaves the loop', async () => {
    const { model, server, connection } = await serve('anthropic', [
      { steps: [...anthropic.begun('half'), { do: 'hang' }] },
    ])
    for await (const _event of model.stream(testRequest(), never())) break
    await vi.waitFor(() => expect(server.active).toBe(0))
    expect(connection.policy.limit.inside).toBe(0)
  })
})

describe('a model of Google', () => {
  it('yields text, thoughts, usage and the end', async () => {
    const usageMetadata = {
      promptTokenCount: 6,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 3,
      totalTokenCount: 14,
      cachedContentTokenCount: 2,
    }
    const { ask, server } = await serve('google', [
      {
        steps: [
          google([{ text: 'hm', thought: true }]),
          google([{ text: '안' }]),
          google([{ text: '녕' }], { usageMetadata }, 'STOP'),
        ],
      },
    ])
    const events = await ask(testRequest('hi', { parameters: { topK: 4, maxOutputTokens: 20 } }))
    expect(events[0]).toEqual({ type: 'reasoning-delta', text: 'hm' })
    expect(textOf(events)).toBe('안녕')
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { inputTokens: 6, outputTokens: 8, reasoningTokens: 3, cachedInputTokens: 2 } },
      { type: 'end', finishReason: 'stop' },
    ])
    expect(server.requests[0]).toMatchObject({
      path: '/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      headers: { 'x-goog-api-key': 'vendor-key-1' },
      body: { generationConfig: { topK: 4, maxOutputTokens: 20 } },
    })
  })

  it('passes tool calls on', async () => {
    const { ask } = await serve('google', [
      { steps: [google([{ functionCall: { name: 'look', args: { at: 1 } } }], {}, 'STOP')] },
    ])
    const events = await ask(
      testRequest('x', {
        tools: [{ name: 'look', parameters: { type: 'object', properties: { at: { type: 'integer' } } } }],
      }),
    )
    expect(events[0]).toMatchObject({ type: 'tool-call-delta', index: 0, name: 'look', id: expect.any(String) })
    expect(
      JSON.parse(events.map((event) => (event.type === 'tool-call-delta' ? event.argumentsJson : '')).join('')),
    ).toEqual({ at: 1 })
    expect(events.at(-1)).toEqual({ type: 'end', finishReason: 'tool-calls' })
  })

  it.each([
    [
      400,
      {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
          details: [{ reason: 'API_KEY_INVALID' }],
        },
      },
      'invalid_credentials',
    ],
    [
      400,
      {
        error: {
          code: 400,
          message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
          status: 'INVALID_ARGUMENT',
        },
      },
      'context_too_long',
    ],
    [404, { error: { code: 404, message: 'models/gemini-0 is not found', status: 'NOT_FOUND' } }, 'model_unavailable'],
    [
      429,
      { error: { code: 429, message: 'Resource has been exhausted', status: 'RESOURCE_EXHAUSTED' } },
      'rate_limited',
    ],
    [503, { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }, 'model_unavailable'],
  ])('turns HTTP %i into a code: %j', async (status, json, code) => {
    const { model } = await serve('google', [{ status, json }])
    expect((await failureOf(model.stream(testRequest(), never()))).error.code).toBe(code)
  })

  it('fails when the stream closes early', async () => {
    const { model } = await serve('google', [{ steps: [google([{ text: 'half' }])] }])
    expect(await failureOf(model.stream(testRequest(), never()))).toMatchObject({
      error: { code: 'protocol_error' },
      text: 'half',
    })
  })

  it('ends with the content filter when the prompt was blocked', async () => {
    const { ask } = await serve('google', [
      { steps: [{ do: 'raw', raw: 'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n' }] },
    ])
    expect((await ask()).at(-1)).toEqual({ type: 'end', finishReason: 'content-filter' })
  })

  it('is not reachable', async () => {
    const { model, server } = await serve('google', [{}])
    await server.close()
    expect((await failureOf(model.stream(testRequest(), never()))).error).toMatchObject({ code: 'model_unavailable' })
  })
})
