import type { ChatMessage } from '../../../models/language-model.ts'

/** The conversation under one system message: several are more than some providers take. */
export function withSystem(conversation: readonly ChatMessage[], system: string): ChatMessage[] {
  const given = conversation.flatMap((message) => (message.role === 'system' ? [message.content] : []))
  return [
    { role: 'system', content: [...given, system].join('\n\n') },
    ...conversation.filter(({ role }) => role !== 'system'),
  ]
}
