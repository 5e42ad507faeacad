import type { ChatMessage, ContentPart } from '../../models/language-model.ts'
import { ClovaError } from './clova-error.ts'
import type { WireMessage, WirePart } from './schema.ts'

/** Images in one request. */
const MOST_IMAGES = 5

/** Reads a message in the form of version 1 or 3. @param place where it stands, for the error. */
export function toChatMessage(message: WireMessage, place: number): ChatMessage {
  const { role } = message
  switch (role) {
    case 'system':
      // CLOVA Studio's own playground sends an empty directive when there is none.
      return { role, content: textOf(message, place) }
    case 'user':
      return { role, content: userContent(message, place) }
    case 'assistant': {
      const content = textOf(message, place)
      if (message.toolCalls?.length) return { role, content, toolCalls: message.toolCalls.map(toToolCall) }
      if (content === '') throw new ClovaError(40004, `messages[${place}].content`)
      return { role, content }
    }
    case 'tool': {
      const { toolCallId } = message
      if (!toolCallId) throw new ClovaError(40001, `messages[${place}].toolCallId: a tool's answer names the call`)
      return { role, toolCallId, content: textOf(message, place) }
    }
  }
}

/**
 * Reads a conversation that a model is to be asked. Empty directives are left out of it.
 *
 * @throws {ClovaError} 40004 when a message, or all of it, is empty.
 */
export function readConversation(messages: readonly WireMessage[]): ChatMessage[] {
  const conversation = messages.map(toChatMessage).filter(({ role, content }) => role !== 'system' || content !== '')
  if (conversation.length === 0) throw new ClovaError(40004, 'messages')
  return conversation
}

/**
 * Checks what version 3 allows: one system message, an image in each user message, five images in all.
 *
 * @throws {ClovaError} 40001, 40000 and 40003.
 */
export function checkCounts(messages: readonly ChatMessage[]): void {
  if (messages.filter(({ role }) => role === 'system').length > 1)
    throw new ClovaError(40001, 'messages: only one may be a system message')
  const images = messages.map(({ content }) =>
    typeof content === 'string' ? 0 : content.filter(({ type }) => type === 'image').length,
  )
  if (images.some((count) => count > 1)) throw new ClovaError(40000, 'Each user message can contain only one image')
  if (images.reduce((sum, count) => sum + count, 0) > MOST_IMAGES) throw new ClovaError(40003, 'Image limit exceeded')
}

/** The text of a message that cannot have images, its parts put together; empty when there is none. */
function textOf({ content }: WireMessage, place: number): string {
  if (typeof content === 'string') return content
  return (content ?? [])
    .map((part, index) => {
      if (part.type === 'text') return part.text
      throw new ClovaError(40001, `messages[${place}].content[${index}]: only a user message can have images`)
    })
    .join('')
}

function userContent({ content }: WireMessage, place: number): string | ContentPart[] {
  if (!content?.length) throw new ClovaError(40004, `messages[${place}].content`)
  if (typeof content === 'string') return content
  return content.map((part, index) => toPart(part, `messages[${place}].content[${index}]`))
}

function toPart(part: WirePart, where: string): ContentPart {
  if (part.type === 'image_url') return { type: 'image', url: imageUrl(part, where) }
  if (part.text === '') throw new ClovaError(40004, `${where}.text`)
  return part
}

/** An image comes as an address, or as base64 with or without `data:image/…;base64,` before it. */
function imageUrl({ imageUrl, dataUri }: Extract<WirePart, { type: 'image_url' }>, where: string): string {
  if (imageUrl && dataUri) throw new ClovaError(40001, `${where}: either imageUrl or dataUri, not both`)
  if (imageUrl) {
    if (/^https?:\/\/[^/]/i.test(imageUrl.url) && URL.canParse(imageUrl.url)) return imageUrl.url
    throw new ClovaError(40063, `${where}.imageUrl.url`)
  }
  if (!dataUri) throw new ClovaError(40001, `${where}: imageUrl or dataUri is missing`)
  const { type, data = dataUri.data } =
    /^data:(?<type>[^;,]+);base64,(?<data>.*)$/s.exec(dataUri.data)?.groups ?? ({} as Partial<Record<string, string>>)
  const base64 = data.replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new ClovaError(40063, `${where}.dataUri.data`)
  const format = FORMATS.find(({ beginning }) => base64.startsWith(beginning))?.type
  // What it is said to be does not matter; what it is does.
  if (!format || (type !== undefined && !type.startsWith('image/')))
    throw new ClovaError(40060, `${where}.dataUri.data`)
  return `data:${format};base64,${base64}`
}

/** How files of the formats that CLOVA Studio takes begin, in base64. */
const FORMATS = [
  { type: 'image/jpeg', beginning: '/9j/' },
  { type: 'image/png', beginning: 'iVBORw' },
  { type: 'image/webp', beginning: 'UklGR' },
  { type: 'image/bmp', beginning: 'Qk' },
]

function toToolCall({ id, function: { name, arguments: given } }: NonNullable<WireMessage['toolCalls']>[number]) {
  return { id, name, argumentsJson: typeof given === 'string' ? given : JSON.stringify(given ?? {}) }
}
