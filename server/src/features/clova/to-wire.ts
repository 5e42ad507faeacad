import type { ChatMessage } from '../../models/language-model.ts'
import type { ConversationCount } from '../window/window.ts'
import type { CountedPart, WireMessage } from './schema.ts'

/** The envelope of everything that has worked. */
export function ok<Result>(result: Result) {
  return { status: { code: '20000', message: 'OK' }, result }
}

/**
 * A message of version 3 with its counts, which add up to what the message takes in the window: what the model's chat
 * template writes around it counts with the tool calls or else with the first part.
 */
export function toCountedMessage(
  wire: WireMessage,
  message: ChatMessage,
  { tokens, parts }: ConversationCount['messages'][number],
) {
  const rest = Math.max(0, tokens - parts.reduce((sum, count) => sum + count, 0))
  const hasToolCalls = message.role === 'assistant' && message.toolCalls !== undefined
  const count = (index: number) => (parts[index] ?? 0) + (index === 0 && !hasToolCalls ? rest : 0)
  return {
    role: wire.role,
    content: countedParts(wire, message, count),
    ...(hasToolCalls && { toolCalls: { count: rest } }),
  }
}

function countedParts(wire: WireMessage, { content }: ChatMessage, count: (index: number) => number): CountedPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, count: count(0) }]
  return content.map((part, index) => {
    if (part.type === 'text') return { ...part, count: count(index) }
    const given = wire.content?.[index]
    const address = typeof given === 'object' && given.type === 'image_url' ? given.imageUrl : undefined
    // An image that came inside the request is not sent back.
    return { type: 'image_url', ...(address && { imageUrl: address }), count: count(index) }
  })
}
