import type { ChatMessage } from '../../models/language-model.ts'

/**
 * The same text without what no model can read and many providers refuse: NUL and half surrogate pairs, which clients
 * make when they cut a text in the middle of an emoji, become U+FFFD.
 */
export function wellFormed(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '\uFFFD') : whole
}

/** The messages with every text in them well-formed; the same objects where nothing was to be done. */
export function wellFormedMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message) => {
    switch (message.role) {
      case 'user': {
        const { content } = message
        if (typeof content === 'string') return withContent(message, content)
        return {
          role: 'user',
          content: content.map((part) => (part.type === 'text' ? { type: 'text', text: wellFormed(part.text) } : part)),
        }
      }
      case 'assistant': {
        if (!message.toolCalls) return withContent(message, message.content)
        const toolCalls = message.toolCalls.map((call) => ({ ...call, argumentsJson: wellFormed(call.argumentsJson) }))
        return { ...message, content: wellFormed(message.content), toolCalls }
      }
      default:
        return withContent(message, message.content)
    }
  })
}

function withContent<Message extends { content: unknown }>(message: Message, content: string): Message {
  const clean = wellFormed(content)
  return clean === content ? message : { ...message, content: clean }
}
