import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { answer, type FakeReply, type FakeStep } from '../../models/fake-openai.ts'
import { openAiForTest } from './testing.ts'

const hello = [{ role: 'user' as const, content: 'Hello' }]
const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const toolCall = (index: number, id: string, name: string, ...pieces: string[]): FakeStep[] =>
  pieces.map((piece, at) => ({
    do: 'delta',
    delta: {
      tool_calls: [
        at === 0
          ? { index, id, type: 'function', function: { name, arguments: piece } }
          : { index, function: { arguments: piece } },
      ],
    },
  }))
const twoCalls: FakeReply = {
  steps: [
    ...toolCall(0, 'call_a', 'get_weather', '{"city":', '"Seoul"}'),
    ...toolCall(1, 'call_b', 'get_weather', '{"city":"Busan"}'),
    { do: 'finish', reason: 'tool_calls', usage: { prompt_tokens: 30, completion_tokens: 12 } },
    { do: 'done' },
  ],
}
const failing = (status: number, error: object = {}, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers,
  json: { error },
})

describe.each(testDatabases)('OpenAI’s own client on $name', ({ open }) => {
  it('chats', async () => {
    const { client, provider, recorded } = await openAiForTest(await open(), [answer(['Hel', 'lo!'])])
    const completion = await client.chat.completions.create({
      model: 'lab',
      messages: [{ role: 'developer', content: 'Be kind.' }, ...hello],
      temperature: 0.2,
      max_completion_tokens: 50,
      top_p: 0.9,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      user: 'someone',
      metadata: { a: 'b' },
      store: true,
    })
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: 'chat.completion',
      model: 'lab',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    })
    expect(completion).not.toHaveProperty('etude')
    expect(completion.created).toBeGreaterThan(1_700_000_000)
    expect(completion._request_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(provider.requests[0]?.body).toMatchObject({
      model: 'small-1',
      messages: [{ role: 'system', content: 'Be kind.' }, ...hello],
      temperature: 0.2,
      max_tokens: 50,
      top_p: 0.9,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
    })
    expect(await recorded()).toMatchObject([
      { dialect: 'openai', model_name: 'lab', request_id: completion._request_id, status: 'complete', input_tokens: 5 },
    ])
  })

  it('streams, with the usage only when it asks for it', async () => {
    const { client } = await openAiForTest(await open(), [answer(['Hel', 'lo', '!'])])
    const withUsage = await client.chat.completions.create({
      model: 'lab',
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await readAll(withUsage)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello!')
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, total_tokens: 8 } })

    const without = await readAll(await client.chat.completions.create({ model: 'lab', messages: hello, stream: true }))
    expect(without.some((chunk) => 'usage' in chunk)).toBe(false)
    expect(without.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })

  it('reads with its streaming helper what it reads without', async () => {
    const { client } = await openAiForTest(await open(), [answer(['Hel', 'lo'])])
    const stream = client.chat.completions.stream({ model: 'lab', messages: hello })
    const heard: string[] = []
    stream.on('content', (delta) => heard.push(delta))
    expect(await stream.finalContent()).toBe('Hello')
    expect(heard.join('')).toBe('Hello')
  })

  it('has the provider’s request cancelled within a second of leaving in the middle', async () => {
    const begun: FakeReply = { steps: [{ do: 'text', text: 'begun' }, { do: 'hang' }] }
    const { client, provider, recorded } = await openAiForTest(await open(), [begun])
    const stream = await client.chat.completions.create({ model: 'lab', messages: hello, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort()
    await expect.poll(() => provider.abandoned, { timeout: 1_000 }).toBe(1)
    await expect.poll(async () => (await recorded())[0]?.status).toBe('stopped')
  })

  it('has the provider’s request cancelled when it leaves before the first word, streaming or not', async () => {
    const { client, provider, recorded } = await openAiForTest(await open(), [{ hangs: true }])
    for (const [index, stream] of [true, false].entries()) {
      const leaving = new AbortController()
      const asked = client.chat.completions.create(
        { model: 'lab', messages: hello, stream },
        { signal: leaving.signal },
      )
      await expect.poll(() => provider.active).toBe(1)
      leaving.abort()
      await expect(asked).rejects.toThrow(OpenAI.APIUserAbortError)
      await expect.poll(() => provider.abandoned, { timeout: 1_000 }).toBe(index + 1)
    }
    await expect.poll(async () => (await recorded()).map(({ status }) => status)).toEqual(['stopped', 'stopped'])
  })

  it('calls tools, several at once, and gets the answer from their results', async () => {
    const { client, provider } = await openAiForTest(await open(), (_, index) =>
      index === 0 ? twoCalls : answer(['Sunny in both.']),
    )
    const first = await client.chat.completions.create({
      model: 'lab',
      messages: hello,
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })
    const message = first.choices[0]!.message
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    expect(message.content).toBeNull()
    expect(message.tool_calls).toEqual([
      { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Seoul"}' } },
      { id: 'call_b', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Busan"}' } },
    ])
    expect(provider.requests[0]?.body).toMatchObject({
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })

    const second = await client.chat.completions.create({
      model: 'lab',
      tools: [weather],
      messages: [
        ...hello,
        message,
        ...message.tool_calls!.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'sunny' })),
      ],
    })
    expect(second.choices[0]?.message.content).toBe('Sunny in both.')
    expect(provider.requests[1]?.body.messages).toMatchObject([
      ...hello,
      { role: 'assistant', content: null, tool_calls: message.tool_calls },
      { role: 'tool', tool_call_id: 'call_a', content: 'sunny' },
      { role: 'tool', tool_call_id: 'call_b', content: 'sunny' },
    ])
  })

  it('puts streamed tool calls together, those without arguments too', async () => {
    const bare = { ...weather, function: { ...weather.function, name: 'now' } }
    const { client } = await openAiForTest(await open(), [
      {
        steps: [
          ...toolCall(0, 'call_a', 'get_weather', '{"city":', '"Seoul"}'),
          ...toolCall(1, 'call_b', 'now', ''),
          { do: 'finish', reason: 'tool_calls' },
          { do: 'done' },
        ],
      },
    ])
    const stream = client.chat.completions.stream({ model: 'lab', messages: hello, tools: [weather, bare] })
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0]!
    expect(finish_reason).toBe('tool_calls')
    expect(message.tool_calls).toMatchObject([
      { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Seoul"}' } },
      { id: 'call_b', type: 'function', function: { name: 'now', arguments: '{}' } },
    ])
  })

  it('runs tools by itself until there is an answer', async () => {
    const { client } = await openAiForTest(await open(), (_, index) => (index === 0 ? twoCalls : answer(['Sunny.'])))
    const cities: string[] = []
    const runner = client.chat.completions.runTools({
      model: 'lab',
      messages: hello,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            ...weather.function,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => {
              cities.push(city)
              return 'sunny'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('Sunny.')
    expect(cities).toEqual(['Seoul', 'Busan'])
  })

  it('gets structured output and images through', async () => {
    const { client, provider } = await openAiForTest(await open(), [answer(['{"city":"Seoul"}'])])
    const schema = weather.function.parameters
    const completion = await client.chat.completions.parse({
      model: 'lab',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
    })
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Seoul' })
    expect(provider.requests[0]?.body).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
    })
  })

  it('makes embeddings, as floats and in base64 alike', async () => {
    const { client, provider } = await openAiForTest(await open(), [
      {
        json: {
          data: [
            { index: 0, embedding: [0.5, -1.25] },
            { index: 1, embedding: [1, 3] },
          ],
          usage: { prompt_tokens: 4 },
        },
      },
    ])
    const input = ['one', 'two']
    const packed = await client.embeddings.create({ model: 'lab-embed', input })
    const floats = await client.embeddings.create({ model: 'lab-embed', input, encoding_format: 'float' })
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual([
      [0.5, -1.25],
      [1, 3],
    ])
    expect(floats.data.map(({ embedding }) => embedding)).toEqual(packed.data.map(({ embedding }) => [...embedding]))
    expect(packed).toMatchObject({
      object: 'list',
      model: 'lab-embed',
      data: [{ object: 'embedding', index: 0 }, { index: 1 }],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
    expect(provider.requests[0]).toMatchObject({ path: '/v1/embeddings', body: { input: ['one', 'two'] } })
    // As LangChain sends them.
    await client.embeddings.create({ model: 'lab-embed', input: [[606], [20375]] })
    expect(provider.requests.at(-1)?.body.input).toEqual(['one', 'two'])
    const offline = await client.embeddings.create({ model: 'etude-embed', input: 'one', dimensions: 1024 })
    expect(offline.data[0]?.embedding).toHaveLength(1024)
  })

  it('lists the models, and describes each', async () => {
    const { client } = await openAiForTest(await open(), [], { model: { name: 'org/lab:1' } })
    const models = await readAll(await client.models.list())
    expect(models.map(({ id }) => id)).toEqual([
      'org/lab:1',
      'etude-extract',
      'etude-outline',
      'lab-embed',
      'etude-embed',
    ])
    expect(await client.models.retrieve('org/lab:1')).toMatchObject(models[0]!)
    expect(models[0]).toMatchObject({ object: 'model', owned_by: 'lab' })
    await expect(client.models.retrieve('gone')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  it('makes responses', async () => {
    const { client, provider, recorded } = await openAiForTest(await open(), [answer(['Hel', 'lo!'])])
    const response = await client.responses.create({
      model: 'lab',
      instructions: 'Be kind.',
      input: 'Hello',
      max_output_tokens: 60,
      metadata: { a: 'b' },
    })
    expect(response.output_text).toBe('Hello!')
    expect(response).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: 'response',
      status: 'completed',
      model: 'lab',
      store: false,
      instructions: 'Be kind.',
      max_output_tokens: 60,
      metadata: { a: 'b' },
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello!' }] }],
      usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
    })
    expect(provider.requests[0]?.body).toMatchObject({
      messages: [{ role: 'system', content: 'Be kind.' }, ...hello],
      max_tokens: 60,
    })
    expect(await recorded()).toMatchObject([{ status: 'complete' }])
  })

  it('streams responses, from created to completed', async () => {
    const reply: FakeReply = {
      steps: [{ do: 'delta', delta: { reasoning_content: 'Hmm.' } }, ...answer(['Hel', 'lo']).steps!],
    }
    const { client } = await openAiForTest(await open(), [reply])
    const events = await readAll(await client.responses.create({ model: 'lab', input: 'Hello', stream: true }))
    expect(collapse(events.map(({ type }) => type))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))

    const stream = client.responses.stream({ model: 'lab', input: 'Hello' })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('Hello')
    expect(final.status).toBe('completed')
    expect(final.usage).toMatchObject({ input_tokens: 5 })
  })

  it('calls tools in responses, and sends the whole conversation back', async () => {
    const { client, provider } = await openAiForTest(await open(), (_, index) =>
      index < 2 ? twoCalls : answer(['Sunny.']),
    )
    const { type, function: described } = weather
    const tools = [{ type, ...described, strict: true }]
    const parallel_tool_calls = false
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Hello' }]
    const streamed = await client.responses.stream({ model: 'lab', input, tools }).finalResponse()
    const first = await client.responses.create({ model: 'lab', input, tools })
    for (const { output } of [streamed, first])
      expect(output).toMatchObject([
        { type: 'function_call', call_id: 'call_a', name: 'get_weather', arguments: '{"city":"Seoul"}' },
        { type: 'function_call', call_id: 'call_b', name: 'get_weather', arguments: '{"city":"Busan"}' },
      ])
    const calls = first.output.filter((item) => item.type === 'function_call')
    const second = await client.responses.create({
      model: 'lab',
      tools,
      parallel_tool_calls,
      input: [
        ...input,
        ...calls,
        ...calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'sunny' })),
      ],
    })
    expect(second.output_text).toBe('Sunny.')
    expect(provider.requests[0]?.body.tools).toMatchObject([{ function: { name: 'get_weather', strict: true } }])
    expect(second.parallel_tool_calls).toBe(false)
    expect(provider.requests.map(({ body }) => body.parallel_tool_calls)).toEqual([undefined, undefined, false])
    expect(provider.requests[2]?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] },
      { role: 'tool', tool_call_id: 'call_a', content: 'sunny' },
      { role: 'tool', tool_call_id: 'call_b' },
    ])
  })

  it('gets structured output in responses, and is told when an answer was cut off', async () => {
    const { client, provider } = await openAiForTest(await open(), [answer(['{"city":'], { finishReason: 'length' })])
    const format = { type: 'json_schema' as const, name: 'place', schema: weather.function.parameters }
    const response = await client.responses.create({ model: 'lab', input: 'Hello', text: { format } })
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      text: { format: { name: 'place' } },
    })
    expect(provider.requests[0]?.body.response_format).toMatchObject({ json_schema: { name: 'place' } })
  })

  it('switches the window on by a header, by the name and by truncation, and is told what was left out', async () => {
    const { client, provider } = await openAiForTest(await open(), [answer(['fine'])], {
      model: { contextTokens: 1000, maxOutputTokens: 200 },
    })
    const messages = Array.from({ length: 40 }, (_, index) => ({
      role: 'user' as const,
      content: `Question ${index}: ${'word '.repeat(50)}`,
    }))
    await expect(client.chat.completions.create({ model: 'lab', messages })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      param: 'messages',
    })
    const options = { headers: { 'x-etude-window': 'slide' } }
    const { data, response } = await client.chat.completions.create({ model: 'lab', messages }, options).withResponse()
    const sent = provider.requests[0]?.body.messages as unknown[]
    const trimmed_turns = 40 - sent.length
    expect(trimmed_turns).toBeGreaterThan(20)
    expect(response.headers.get('x-etude-trimmed-turns')).toBe(String(trimmed_turns))
    const report = {
      window: { context_tokens: 1000, reserved_tokens: 200, trimmed_turns, trimmed_messages: trimmed_turns },
      dropped_params: [],
    }
    expect(data).toMatchObject({ etude: report })

    const chunks = await readAll(await client.chat.completions.create({ model: 'lab:slide', messages, stream: true }))
    expect(chunks.at(-1)).toMatchObject({ model: 'lab', etude: report })
    const input = messages.map((message) => ({ ...message, type: 'message' as const }))
    const made = await client.responses.create({ model: 'lab', input, truncation: 'auto' })
    expect(made).toMatchObject({ truncation: 'auto', etude: report })
    const small = await client.chat.completions.create({ model: 'lab', messages: hello }, options).withResponse()
    expect(small.response.headers.get('x-etude-trimmed-turns')).toBe('0')
  })

  it('is told which parameters a model was not given', async () => {
    const { client } = await openAiForTest(await open(), [answer(['fine'])], { model: { unsupported: ['seed'] } })
    const completion = await client.chat.completions.create({
      model: 'lab',
      messages: hello,
      seed: 1,
      logit_bias: { 50256: -100 },
    })
    expect(completion).toMatchObject({
      etude: { window: null, dropped_params: [{ name: 'seed' }, { name: 'logit_bias' }] },
    })
  })

  it.each<[string, FakeReply, { status: number; code: string }, Record<string, string>?]>([
    [
      'accepts no more',
      failing(429, {}, { 'retry-after': '31' }),
      { status: 429, code: 'rate_limit_exceeded' },
      { 'retry-after': '31' },
    ],
    ['is down', failing(503), { status: 503, code: 'model_unavailable' }],
    [
      'does not know our key',
      failing(401),
      { status: 502, code: 'invalid_credentials' },
      { 'x-should-retry': 'false' },
    ],
    [
      'finds it too long',
      failing(400, { code: 'context_length_exceeded' }),
      { status: 400, code: 'context_length_exceeded' },
    ],
    [
      'refuses the content',
      failing(400, { message: 'flagged by moderation' }),
      { status: 400, code: 'content_policy_violation' },
    ],
    ['does not understand', failing(400, { message: 'what?' }), { status: 502, code: 'protocol_error' }],
    ['is too slow', failing(408), { status: 504, code: 'timeout' }],
  ])('throws its own error when the provider %s, streaming or not', async (_, reply, error, headers = {}) => {
    const { client, recorded } = await openAiForTest(await open(), [reply])
    for (const stream of [true, false]) {
      const thrown = await client.chat.completions.create({ model: 'lab', messages: hello, stream }).then(
        () => expect.unreachable(),
        (caught: unknown) => caught as InstanceType<typeof OpenAI.APIError>,
      )
      expect(thrown).toBeInstanceOf(OpenAI.APIError)
      expect(thrown).toMatchObject(error)
      expect(thrown.requestID).toMatch(/^[0-9a-f-]{36}$/)
      expect(thrown.message).not.toContain('sk-of-the-provider')
      for (const [name, value] of Object.entries(headers)) expect(thrown.headers?.get(name)).toBe(value)
    }
    expect((await recorded()).map(({ status }) => status)).toEqual(['failed', 'failed'])
  })

  it('throws in the middle of a stream when the provider breaks there', async () => {
    const { client, recorded } = await openAiForTest(await open(), [
      { steps: [{ do: 'text', text: 'half' }, { do: 'destroy' }] },
    ])
    const heard: string[] = []
    const stream = await client.chat.completions.create({ model: 'lab', messages: hello, stream: true })
    const reading = (async () => {
      for await (const chunk of stream) heard.push(chunk.choices[0]?.delta.content ?? '')
    })()
    await expect(reading).rejects.toMatchObject({ code: 'protocol_error' })
    expect(heard.join('')).toBe('half')
    const events = await readAll(await client.responses.create({ model: 'lab', input: 'Hello', stream: true }))
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'protocol_error' }, output: [{ content: [{ text: 'half' }] }] },
    })
    expect((await recorded()).map(({ status }) => status)).toEqual(['failed', 'failed'])
  })

  it('throws its own errors for a wrong key, an unknown model and what a model is not for', async () => {
    const { url, client } = await openAiForTest(await open(), [answer(['fine'])])
    const stranger = new OpenAI({ apiKey: 'sk-wrong', baseURL: url, maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    for (const model of ['gone', 'gone:slide', 'lab-embed', 'a\0b'])
      await expect(client.chat.completions.create({ model, messages: hello })).rejects.toMatchObject({
        status: 404,
        code: 'model_not_found',
        param: 'model',
        type: 'invalid_request_error',
      })
    await expect(client.embeddings.create({ model: 'lab', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    await expect(client.embeddings.create({ model: 'etude-embed', input: 'x', dimensions: 3 })).rejects.toMatchObject({
      status: 400,
      param: 'dimensions',
    })
    await expect(client.post('/nothing')).rejects.toMatchObject({ status: 404, code: 'unknown_url' })
  })

  it('keeps to the rate limit that it is told of', async () => {
    const { client } = await openAiForTest(await open(), [answer(['fine'])], { requestsPerMinute: 2 })
    const { response } = await client.models.list().withResponse()
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('2')
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+s$/)
    expect(Number(response.headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(0)
    const stream = await client.chat.completions.create({ model: 'lab', messages: hello, stream: true }).withResponse()
    expect(stream.response.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    await readAll(stream.data)
    await expect(client.models.list()).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      headers: expect.anything(),
    })
  })

  it('asks the offline models without any provider', async () => {
    const { client, provider } = await openAiForTest(await open(), [])
    const messages = [{ role: 'user' as const, content: 'The refund takes five days. How long does the refund take?' }]
    const completion = await client.chat.completions.create({ model: 'etude-extract', messages, stop: [' five'] })
    expect(completion.choices[0]?.message.content).toContain('refund')
    expect(completion.choices[0]?.message.content).not.toContain('five')
    expect(provider.requests).toHaveLength(0)
  })
})

async function readAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Without repetitions, as many deltas may come as one. */
function collapse(types: string[]): string[] {
  return types.filter((type, index) => type !== types[index - 1])
}
