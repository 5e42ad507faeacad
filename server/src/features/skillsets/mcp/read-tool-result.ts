import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Outcome } from '../call/failed-call.ts'
import type { AnswerContent } from '../call/operation-result.ts'
import { isDeeper, readJson } from '../call/read-json.ts'

const MAX_DEPTH = 200

/** What a tool answered: its structured content, or its texts; what is not text is said and not shown. */
export function readToolResult(result: CallToolResult): Omit<Outcome, 'url' | 'method' | 'requestBody'> {
  const { content, structuredContent, isError = false } = result
  const text = content.map(textOf).join('\n')
  const isStructured = structuredContent !== undefined && !isDeeper(structuredContent, MAX_DEPTH)
  return {
    responseBody: text === '' && isStructured ? JSON.stringify(structuredContent) : text,
    content: isStructured ? { kind: 'json', value: structuredContent } : contentOf(text),
    status: 200,
    isOk: !isError,
    errorCode: isError ? 'api_error' : null,
    message: isError ? 'The tool says that it failed.' : '',
  }
}

function contentOf(text: string): AnswerContent {
  if (text === '') return { kind: 'none' }
  const value = /^\s*[{[]/.test(text) ? readJson(text) : undefined
  return value === undefined ? { kind: 'text', text } : { kind: 'json', value }
}

function textOf(part: CallToolResult['content'][number]): string {
  switch (part.type) {
    case 'text':
      return part.text
    case 'resource':
      return 'text' in part.resource
        ? part.resource.text
        : `(${part.resource.mimeType ?? 'A resource'}, which cannot be shown.)`
    case 'resource_link':
      return `${part.title ?? part.name}: ${part.uri}`
    case 'image':
    case 'audio':
      return `(${part.mimeType}, which cannot be shown.)`
  }
}
