import type { z } from 'zod'
import type { ChatMessage } from '../../models/language-model.ts'
import type { FinalAnswerRequest } from '../skillsets/agent/final-answers.ts'
import type { OverrideValues } from '../skillsets/call/operation-result.ts'
import { ClovaError } from './clova-error.ts'
import type { FinalAnswerBody, WireOverride } from './final-answer-schema.ts'

/**
 * Reads what is asked of a skillset.
 *
 * @throws {ClovaError} 61002 without a query, 40004 for an empty message of a user.
 */
export function readFinalAnswer({
  query,
  chatHistory,
  requestOverride,
}: z.output<typeof FinalAnswerBody>): Omit<FinalAnswerRequest, 'skillsetId' | 'version'> {
  if (!query?.trim()) throw new ClovaError(61002, 'query')
  return {
    query,
    history: readHistory(chatHistory ?? [], query),
    base: requestOverride?.baseOperation ? valuesOf(requestOverride.baseOperation) : undefined,
    operations: (requestOverride?.operations ?? []).map((operation) => ({
      operationId: operation.operationId,
      isApproved: operation.isApproved ?? false,
      ...valuesOf(operation),
    })),
  }
}

/** Some clients send a history that already ends with the query; it is asked once. */
function readHistory(
  history: NonNullable<z.output<typeof FinalAnswerBody>['chatHistory']>,
  query: string,
): ChatMessage[] {
  const last = history.at(-1)
  const before = last?.role === 'user' && last.content.trim() === query.trim() ? history.slice(0, -1) : history
  return before.flatMap(({ role, content }, index): ChatMessage[] => {
    if (content !== '') return [{ role, content }]
    // An answer may have been empty: then there is nothing to remember.
    if (role === 'assistant') return []
    throw new ClovaError(40004, `chatHistory[${index}].content`)
  })
}

function valuesOf({ header, query, requestBody }: NonNullable<WireOverride['baseOperation']>): OverrideValues {
  return { header: header ?? undefined, query: query ?? undefined, requestBody: requestBody ?? undefined }
}
