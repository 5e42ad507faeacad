import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { answer, type FakeReply } from '../../models/fake-openai.ts'
import { openAiForTest } from './testing.ts'

const [{ open }] = testDatabases
const hello = [{ role: 'user', content: 'Hello' }]
const chat = (body: object) => ({ model: 'lab', messages: hello, ...body })

describe('bad input in OpenAI’s dialect', () => {
  it.each<[string, object, string | null, string | null]>([
    ['no body', '' as never, null, 'invalid_json'],
    ['no JSON', '{"model": ' as never, null, 'invalid_json'],
    ['a list', [] as never, null, 'invalid_json'],
    ['no model', { messages: hello }, 'model', 'missing_required_parameter'],
    ['no messages', { model: 'lab' }, 'messages', 'missing_required_parameter'],
    ['an empty list of messages', chat({ messages: [] }), 'messages', 'empty_array'],
    ['messages that are no list', chat({ messages: 'Hello' }), 'messages', 'invalid_type'],
    [
      'a message without content',
      chat({ messages: [{ role: 'user' }] }),
      'messages[0].content',
      'missing_required_parameter',
    ],
    ['content of no parts', chat({ messages: [{ role: 'user', content: [] }] }), 'messages[0].content', 'empty_array'],
    [
      'an unknown role',
      chat({ messages: [...hello, { role: 'wizard', content: 'a' }] }),
      'messages[1].role',
      'invalid_value',
    ],
    [
      'an unknown part',
      chat({ messages: [{ role: 'user', content: [{ type: 'smell' }] }] }),
      'messages[0].content',
      'invalid_value',
    ],
    [
      'a result of a call that nobody made',
      chat({ messages: [...hello, { role: 'tool', tool_call_id: 'x', content: 'a' }] }),
      'messages[1].tool_call_id',
      'invalid_value',
    ],
    ['max_tokens of 0', chat({ max_tokens: 0 }), 'max_tokens', 'invalid_value'],
    ['max_tokens below 0', chat({ max_tokens: -5 }), 'max_tokens', 'invalid_value'],
    ['max_tokens over what the model writes', chat({ max_tokens: 5000 }), 'max_tokens', 'invalid_value'],
    ['max_completion_tokens over it', chat({ max_completion_tokens: 5000 }), 'max_completion_tokens', 'invalid_value'],
    ['max_tokens as a string', chat({ max_tokens: '50' }), 'max_tokens', 'invalid_type'],
    ['max_tokens in parts', chat({ max_completion_tokens: 1.5 }), 'max_completion_tokens', 'invalid_type'],
    ['a temperature that is too high', chat({ temperature: 3 }), 'temperature', 'invalid_value'],
    ['several answers', chat({ n: 2 }), 'n', 'unsupported_value'],
    ['log probabilities', chat({ logprobs: true }), 'logprobs', 'unsupported_parameter'],
    ['functions of old', chat({ functions: [{ name: 'f' }] }), 'functions', 'unsupported_parameter'],
    ['sound', chat({ modalities: ['text', 'audio'] }), 'modalities', 'unsupported_value'],
    [
      'a choice of a tool that is not there',
      chat({ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } }),
      'tool_choice',
      'invalid_value',
    ],
    ['a choice without tools', chat({ tool_choice: 'required' }), 'tool_choice', 'invalid_value'],
    [
      'a tool with a name that no provider takes',
      chat({ tools: [tool('f g')] }),
      'tools[0].function.name',
      'invalid_value',
    ],
    [
      'a turn that is larger than the window',
      chat({ messages: [{ role: 'user', content: 'word '.repeat(20_000) }] }),
      'messages',
      'context_length_exceeded',
    ],
    [
      'system messages that are larger than the window',
      chat({ messages: [1, 2].map(() => ({ role: 'system', content: 'word '.repeat(5_000) })).concat(hello) }),
      'messages',
      'context_length_exceeded',
    ],
  ])('%s is refused with 400, its place and its kind, and nobody is asked', async (_, body, param, code) => {
    const { post, provider, recorded } = await openAiForTest(await open(), [answer(['fine'])])
    for (const headers of [{}, { 'x-etude-window': 'slide' }]) {
      const reply = await post('/chat/completions', body, headers)
      expect(reply.status).toBe(400)
      expect(JSON.parse(reply.text)).toEqual({
        error: { message: expect.any(String), type: 'invalid_request_error', param, code },
      })
      expect(reply.headers.get('x-request-id')).toBeTruthy()
    }
    expect(provider.requests).toHaveLength(0)
    expect(await recorded()).toEqual([])
  })

  it.each<[string, object]>([
    ['empty content', chat({ messages: [{ role: 'user', content: '' }] })],
    [
      'several system messages',
      chat({ messages: ['a', 'b'].map((content) => ({ role: 'system', content })).concat(hello) }),
    ],
    ['only system messages', chat({ messages: [{ role: 'system', content: 'a' }] })],
    ['only assistant messages', chat({ messages: [{ role: 'assistant', content: 'a' }] })],
    ['an assistant message of null', chat({ messages: [...hello, { role: 'assistant', content: null }, ...hello] })],
    [
      'keys that nobody knows',
      chat({ colour: 'red', service_tier: 'auto', messages: [{ ...hello[0], name: 'mina', weight: 1 }] }),
    ],
    ['null for everything that may be missing', chat(NULLS)],
    ['stop words that are empty', chat({ stop: ['', ''] })],
  ])('%s is fine', async (_, body) => {
    const { post, provider } = await openAiForTest(await open(), [answer(['fine'])])
    const reply = await post('/chat/completions', body)
    expect([reply.status, JSON.parse(reply.text).choices?.[0].message.content]).toEqual([200, 'fine'])
    expect(provider.requests).toHaveLength(1)
    expect((await post('/chat/completions', { ...body, model: 'etude-outline', stream: true })).text).toContain(
      '[DONE]',
    )
  })

  it('takes ten thousand messages, and makes them fit', async () => {
    const { post, provider } = await openAiForTest(await open(), [answer(['fine'])])
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `Message ${index} of very many, with some words in it.`,
    })).concat(hello)
    const refused = await post('/chat/completions', chat({ messages }))
    expect(JSON.parse(refused.text).error.code).toBe('context_length_exceeded')
    const reply = await post('/chat/completions', chat({ messages, model: 'lab:slide' }))
    expect(reply.status).toBe(200)
    const sent = provider.requests[0]?.body.messages as unknown[]
    expect(sent.at(-1)).toEqual(hello[0])
    expect(Number(reply.headers.get('x-etude-trimmed-turns'))).toBe(Math.round((10_001 - sent.length) / 2))
  })

  it('reads half characters and NULs as U+FFFD', async () => {
    const { post, provider } = await openAiForTest(await open(), [answer(['fine \0'])])
    const body = `{"model":"lab","messages":[{"role":"user","content":"cut \\ud83d and \\u0000"}]}`
    expect((await post('/chat/completions', body)).status).toBe(200)
    expect(provider.requests[0]?.body.messages).toEqual([{ role: 'user', content: 'cut \uFFFD and \uFFFD' }])
  })

  it.each([true, false])(
    'stops at a word that comes in pieces when the provider does not (stream: %s)',
    async (stream) => {
      const endless: FakeReply = { steps: [...texts('one E', 'N', 'D two'), { do: 'hang' }] }
      const { post, provider, recorded } = await openAiForTest(await open(), [endless])
      const reply = await post('/chat/completions', chat({ stop: ['END'], stream }))
      expect(said(reply.text)).toBe('one ')
      expect(reply.text).toContain('"finish_reason":"stop"')
      expect(provider.requests[0]?.body.stop).toEqual(['END'])
      await expect.poll(() => provider.abandoned, { timeout: 1_000 }).toBe(1)
      expect(await recorded()).toMatchObject([{ status: 'complete', token_source: 'estimate' }])
    },
  )

  it('streams nothing but data and comments, which OpenAI’s client passes over', async () => {
    const { post } = await openAiForTest(await open(), [answer(['fi', 'ne'])])
    const reply = await post('/chat/completions', chat({ stream: true }))
    expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(reply.text.endsWith('data: [DONE]\n\n')).toBe(true)
    for (const line of reply.text.split('\n').filter(Boolean)) expect(line).toMatch(/^(data: |: )/)

    const kept = reply.text.replaceAll('data: ', ': keep-alive\n\ndata: ')
    const client = new OpenAI({ apiKey: 'any', fetch: async () => new Response(kept) })
    const stream = client.chat.completions.stream({ model: 'lab', messages: [{ role: 'user', content: 'Hello' }] })
    expect(await stream.finalContent()).toBe('fine')
  })

  it.each<[string, string, object, string]>([
    [
      'a response that continues another',
      '/responses',
      { input: 'a', previous_response_id: 'resp_1' },
      'previous_response_id',
    ],
    ['a response of a conversation', '/responses', { input: 'a', conversation: 'conv_1' }, 'conversation'],
    ['a response in the background', '/responses', { input: 'a', background: true }, 'background'],
    ['a response to nothing', '/responses', {}, 'input'],
    ['a response to no items', '/responses', { input: [] }, 'input'],
    ['a reference to a stored item', '/responses', { input: [{ type: 'item_reference', id: 'x' }] }, 'input'],
    [
      'an output of a call that nobody made',
      '/responses',
      { input: [{ type: 'function_call_output', call_id: 'x', output: '' }] },
      'input[0].call_id',
    ],
    ['a tool of OpenAI’s own', '/responses', { input: 'a', tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    ['embeddings of nothing', '/embeddings', { model: 'etude-embed', input: [] }, 'input'],
    ['embeddings of an empty text', '/embeddings', { model: 'etude-embed', input: ['a', ''] }, 'input'],
    ['embeddings of too many texts', '/embeddings', { model: 'etude-embed', input: Array(2049).fill('a') }, 'input'],
    ['embeddings of numbers that are no tokens', '/embeddings', { model: 'etude-embed', input: [1, 2e6] }, 'input'],
    [
      'embeddings in an unknown format',
      '/embeddings',
      { model: 'etude-embed', input: 'a', encoding_format: 'hex' },
      'encoding_format',
    ],
  ])('%s is refused with 400', async (_, path, body, param) => {
    const { post, provider } = await openAiForTest(await open(), [answer(['fine'])])
    const reply = await post(path, { model: 'lab', ...body })
    expect([reply.status, JSON.parse(reply.text).error]).toMatchObject([400, { type: 'invalid_request_error', param }])
    expect(provider.requests).toHaveLength(0)
  })

  it('refuses a window that it does not know', async () => {
    const { post } = await openAiForTest(await open(), [answer(['fine'])])
    const reply = await post('/chat/completions', chat({}), { 'x-etude-window': 'shrink' })
    expect([reply.status, JSON.parse(reply.text).error.param]).toEqual([400, 'x-etude-window'])
  })
})

const NULLS = Object.fromEntries(
  [
    'stream',
    'stream_options',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
    'frequency_penalty',
    'presence_penalty',
    'seed',
    'stop',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'response_format',
    'n',
    'logprobs',
    'logit_bias',
    'functions',
    'reasoning_effort',
  ].map((name) => [name, null]),
)

function tool(name: string) {
  return { type: 'function', function: { name, parameters: { type: 'object' } } }
}

function texts(...all: string[]) {
  return all.map((text) => ({ do: 'text' as const, text }))
}

/** The text of a reply, whole or streamed. */
function said(reply: string): string {
  if (!reply.startsWith('data: ')) return JSON.parse(reply).choices[0].message.content
  const chunks = reply.split('\n\n').filter((part) => part.startsWith('data: {'))
  return chunks.map((part) => JSON.parse(part.slice(6)).choices[0]?.delta.content ?? '').join('')
}
