import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelEventQueue } from './model-event-queue.ts'
import { ChatChunkReader } from './openai-chunks.ts'

function newReader(mostCharacters = 1_000_000) {
  const queue = new ModelEventQueue({ onRead: () => {}, onReturn: () => {} })
  return { queue, reader: new ChatChunkReader(queue, mostCharacters) }
}

async function drain(queue: ModelEventQueue) {
  const events = []
  queue.end()
  for (let next = await queue.next(); !next.done; next = await queue.next()) events.push(next.value)
  return events
}

describe('reading chunks', () => {
  // Chunks that look alike are read without parsing; the text must be the same as if each was parsed.
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', ' a', 'b"', '\\', '\n', '"content":"x', '"}', '가', '🙂'),
  )
  const frame = fc.constantFrom(
    (content: unknown) => ({ id: 'a', choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    (content: unknown) => ({
      id: 'b',
      choices: [{ index: 0, delta: { role: 'assistant', content }, logprobs: null }],
      usage: null,
    }),
    (content: unknown) => ({ choices: [{ delta: { content, reasoning_content: 'R' } }] }),
    (content: unknown) => ({ choices: [{ index: 1, delta: { content } }] }),
    (content: unknown) => ({
      choices: [
        { index: 0, delta: { content } },
        { index: 1, delta: { content: 'no' } },
      ],
    }),
    (content: unknown) => ({ choices: [{ index: 0, delta: { content }, content: 'outside' }] }),
    (content: unknown) => ({ obfuscation: content, choices: [{ index: 0, delta: { content: 'fixed' } }] }),
  )

  it('finds the same text whether or not chunks look like those before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(frame, text, fc.boolean()), { maxLength: 40 }), async (pieces) => {
        const { queue, reader } = newReader()
        let expected = ''
        for (const [make, content, spaced] of pieces) {
          const chunk = make(content)
          const choice = chunk.choices.find((one) => !('index' in one) || one.index === 0)
          expected += String(choice?.delta.content ?? '')
          reader.read(JSON.stringify(chunk, null, spaced ? 1 : 0).replaceAll('\n', ' '))
        }
        const said = (await drain(queue)).map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
        expect(said).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('does not mistake the end for another piece of text', async () => {
    const { queue, reader } = newReader()
    const chunk = (content: string, finish: string | null) =>
      JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })
    for (const word of ['one ', 'two ', 'three ']) reader.read(chunk(word, null))
    expect(reader.hasFinished).toBe(false)
    reader.read(chunk('four', 'length'))
    expect(reader.hasFinished).toBe(true)
    reader.finish()
    expect(await drain(queue)).toEqual([
      { type: 'text-delta', text: 'one two three four' },
      { type: 'end', finishReason: 'length' },
    ])
  })

  it('joins what nobody has read yet, and keeps the order of kinds', async () => {
    const { queue, reader } = newReader()
    for (const delta of [
      { reasoning: 'a' },
      { reasoning: 'b' },
      { content: 'c' },
      { content: 'd' },
      { reasoning: 'e' },
    ])
      reader.read(JSON.stringify({ choices: [{ delta }] }))
    expect(await drain(queue)).toEqual([
      { type: 'reasoning-delta', text: 'ab' },
      { type: 'text-delta', text: 'cd' },
      { type: 'reasoning-delta', text: 'e' },
    ])
  })

  it('numbers tool calls that come without an index', async () => {
    const { queue, reader } = newReader()
    const call = (tool: object) => reader.read(JSON.stringify({ choices: [{ delta: { tool_calls: [tool] } }] }))
    call({ id: 'a', function: { name: 'one', arguments: '{' } })
    call({ function: { arguments: '}' } })
    call({ id: 'b', function: { name: 'two', arguments: { x: 1 } } })
    reader.finish()
    expect(await drain(queue)).toEqual([
      { type: 'tool-call-delta', index: 0, id: 'a', name: 'one', argumentsJson: '{' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '}' },
      { type: 'tool-call-delta', index: 1, id: 'b', name: 'two', argumentsJson: '{"x":1}' },
      { type: 'end', finishReason: 'tool-calls' },
    ])
  })

  it('stops at the limit even when every chunk looks like the one before', () => {
    const { reader } = newReader(100)
    const chunk = JSON.stringify({ choices: [{ index: 0, delta: { content: 'ten chars.' } }] })
    for (let count = 0; count < 10; count++) reader.read(chunk)
    expect(() => reader.read(chunk)).toThrow('much more')
  })
})
