/**
 * Whether a body is `{ messages, maxTokens }` with a valid number and messages of a role and a text, and nothing else.
 *
 * Says of valid bodies no too, such as those with tools or images: for them and for every mistake there is the schema.
 */
export function isPlainConversation(body: unknown): boolean {
  if (!isObject(body)) return false
  const { messages, maxTokens, ...others } = body
  return (
    Object.keys(others).length === 0 &&
    (maxTokens === undefined || (Number.isSafeInteger(maxTokens) && (maxTokens as number) >= 1)) &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.every(isPlainMessage)
  )
}

function isPlainMessage(message: unknown): boolean {
  if (!isObject(message)) return false
  for (const key in message) if (key !== 'role' && key !== 'content') return false
  const { role, content } = message
  return typeof content === 'string' && (role === 'user' || role === 'assistant' || role === 'system')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
