import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainConversation } from './plain-conversation.ts'
import { SlidingBody } from './schema.ts'

/** Mostly what is allowed, and sometimes anything. */
const message = fc.record(
  {
    role: fc.constantFrom('user', 'assistant', 'system', 'tool', 'nobody'),
    content: fc.oneof(
      { weight: 9, arbitrary: fc.string() },
      fc.constantFrom(null, 1, [], [{ type: 'text', text: '' }]),
    ),
    toolCallId: fc.constantFrom(null, 'call_1'),
    name: fc.constant('Ada'),
  },
  { requiredKeys: ['role', 'content'] },
)
const plainMessage = fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: fc.string() })
const body = fc.oneof(
  fc.record(
    {
      messages: fc.oneof(fc.array(plainMessage), fc.array(message), fc.anything()),
      maxTokens: fc.oneof(fc.integer({ min: -1 }), fc.constantFrom(null, 1.5, '100', 2 ** 60)),
      stream: fc.boolean(),
    },
    { requiredKeys: ['messages'] },
  ),
  fc.anything(),
)

describe('a plain conversation', () => {
  it('is what the schema gives back as it was given', () => {
    fc.assert(
      fc.property(body, (given) => {
        if (isPlainConversation(given)) expect(SlidingBody.parse(given)).toEqual(given)
      }),
      { numRuns: 1_000 },
    )
  })

  it('has messages of a role and a text, and perhaps a limit', () => {
    const messages = [{ role: 'user', content: 'Hello' }]
    expect(isPlainConversation({ messages })).toBe(true)
    expect(isPlainConversation({ messages, maxTokens: 100 })).toBe(true)
    for (const other of [{ messages: [] }, { messages, maxTokens: 0 }, { messages, stream: false }])
      expect(isPlainConversation(other)).toBe(false)
  })
})
