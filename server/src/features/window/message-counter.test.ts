import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../models/language-model.ts'
import { ESTIMATE } from './estimate.ts'
import { loadGptEncoding } from './gpt-encodings.ts'
import { MessageCounter } from './message-counter.ts'
import { overheadFor } from './message-overhead.ts'
import { Pacer } from './pacer.ts'
import { createTokenizer } from './tokenizer.ts'

/** Counts a token for each code unit and remembers what it was asked. */
function letterCounter() {
  const asked: string[] = []
  const tokenizer = createTokenizer('letters', false, (slice) => {
    asked.push(slice)
    return slice.length
  })
  const overhead = { message: 10, reply: 5, toolCall: 100, tools: 1000, responseFormat: 2000, image: 500 }
  return { asked, counter: new MessageCounter(tokenizer, { overhead }) }
}

describe('counting messages', () => {
  it.each<[string, ChatMessage, number]>([
    ['a system message', { role: 'system', content: 'abc' }, 13],
    ['an empty message', { role: 'user', content: '' }, 10],
    ['an answer', { role: 'assistant', content: 'abcd' }, 14],
    ['a tool result', { role: 'tool', toolCallId: 'call_1', content: 'abcde' }, 15],
    ['no parts', { role: 'user', content: [] }, 10],
    [
      'parts with two images',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'ab' },
          { type: 'image', url: 'data:image/png;base64,AAAA' },
          { type: 'text', text: 'c' },
          { type: 'image', url: 'https://example.com/b.png' },
        ],
      },
      1013,
    ],
    [
      'tool calls',
      {
        role: 'assistant',
        content: 'x',
        toolCalls: [
          { id: 'call_1', name: 'find', argumentsJson: '{"q":1}' },
          { id: 'call_2', name: 'get', argumentsJson: '' },
        ],
      },
      10 + 1 + 200 + 4 + 7 + 3,
    ],
  ])('adds overhead and text of %s', (_what, message, tokens) => {
    expect(letterCounter().counter.count(message)).toBe(tokens)
  })

  it('counts what is sent beside the messages by its JSON', async () => {
    const { counter, asked } = letterCounter()
    const tools = [{ name: 'find', parameters: { type: 'object' } }]
    const responseFormat = { type: 'json' as const, schema: { type: 'object' } }
    const toolsJson = JSON.stringify([{ type: 'function', function: tools[0] }])
    expect(await counter.countFixed({ tools, responseFormat }, new Pacer())).toEqual({
      reply: 5,
      tools: 1000 + toolsJson.length,
      responseFormat: 2000 + JSON.stringify(responseFormat).length,
    })
    expect(asked).toHaveLength(2)
    expect(await counter.countFixed({ tools: [] }, new Pacer())).toEqual({ reply: 5, tools: 0, responseFormat: 0 })
  })

  it('counts a text once, also when it comes back as another object', () => {
    const { counter, asked } = letterCounter()
    for (let turn = 0; turn < 3; turn++) {
      counter.count({ role: 'user', content: 'hello' })
      counter.count({ role: 'assistant', content: 'hello' })
      counter.count({ role: 'user', content: `${'long '.repeat(500)}text` })
    }
    expect(asked).toHaveLength(2)
  })

  it('stops at the limit, and goes on from there only when a larger limit asks for it', () => {
    const { counter, asked } = letterCounter()
    const message: ChatMessage = { role: 'user', content: 'word '.repeat(20_000) }
    expect(counter.count(message, 50)).toBeGreaterThan(50)
    expect(asked).toHaveLength(1)
    expect(counter.count(message, 100)).toBeGreaterThan(100)
    expect(asked).toHaveLength(1)
    expect(counter.count(message, 5_000)).toBeGreaterThan(5_000)
    expect(asked).toHaveLength(3)
    expect(counter.count(message)).toBe(100_010)
    const askedForAll = asked.length
    expect(counter.count(message)).toBe(100_010)
    expect(counter.count(message, 50)).toBeGreaterThan(50)
    expect(asked).toHaveLength(askedForAll)
  })

  it('gives the same number with pauses, and at once what it remembers', async () => {
    const { counter } = letterCounter()
    const message: ChatMessage = { role: 'user', content: 'word '.repeat(20_000) }
    const first = counter.countPaced(message, Number.POSITIVE_INFINITY, new Pacer(0))
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toBe(100_010)
    expect(counter.countPaced(message, Number.POSITIVE_INFINITY, new Pacer(0))).toBe(100_010)
  })

  it('lets others run while it counts a very long text', async () => {
    const counter = new MessageCounter(await loadGptEncoding('o200k_base'))
    let ticks = 0
    let isCounting = true
    const tick = () => {
      ticks++
      if (isCounting) setImmediate(tick)
    }
    setImmediate(tick)
    const content = Array.from({ length: 100_000 }, (_, index) => `word${index}`).join(' ')
    await counter.countPaced({ role: 'user', content }, Number.POSITIVE_INFINITY, new Pacer(1))
    isCounting = false
    expect(ticks).toBeGreaterThan(5)
  })
})

describe('message overhead', () => {
  it('makes a lone Hello eight tokens for OpenAI, as its own API reports', async () => {
    const counter = new MessageCounter(await loadGptEncoding('o200k_base'))
    expect(counter.count({ role: 'user', content: 'Hello' }) + counter.overhead.reply).toBe(8)
  })

  it('is chosen by the tokenizer', () => {
    expect(overheadFor('cl100k_base')).toBe(overheadFor('o200k_base'))
    expect(overheadFor('o200k_harmony')).not.toEqual(overheadFor('o200k_base'))
    expect(new MessageCounter(ESTIMATE).overhead).toBe(overheadFor('some/open-model'))
  })
})
