import type { ResponseHint } from '../skill.ts'
import type { OperationResult } from './operation-result.ts'
import { cutAtWord, type Limits, longestList, reduceValue } from './reduce-value.ts'
import { selectFields } from './select-fields.ts'

/** A failed call needs its reason, not its whole page. */
const MAX_ERROR_TOKENS = 300
/** No tokenizer makes tokens of more characters than this from what APIs send: above, counting is not needed. */
const MAX_CHARACTERS_PER_TOKEN = 16
/** Longest strings that are tried, from the most to the least that can be kept. */
const STRING_LIMITS = [Number.POSITIVE_INFINITY, 1_000, 400, 160, 60]
const DEPTH_LIMITS = [8, 5, 3, 2, 1]
/** Fewer items than these are kept only when shorter strings alone do not help. */
const WANTED_ITEMS = 3

type Budget = { maxTokens: number; count: (text: string) => number }

/**
 * What a model is shown of an answer, within a number of tokens and the same every time.
 *
 * JSON stays JSON: lists lose items from their end, long strings end at a word, and both say so; keys stay. Only when a
 * single item of each list is still too much do inner levels go. Text is cut at a word.
 *
 * @param hint which fields, and how many items of every list, the author of the skill wants to be seen.
 */
export function shortenAnswer(
  { content, isOk, message }: Pick<OperationResult, 'content' | 'isOk' | 'message'>,
  hint: ResponseHint,
  { maxTokens, count }: Budget,
): string {
  if (isOk)
    return message === ''
      ? shortenContent(content, hint, { maxTokens, count })
      : join(message, content, hint, { maxTokens, count })
  // The hint tells of good answers; of an error everything may matter.
  return join(
    message,
    content,
    { fields: [], maxItems: null },
    { maxTokens: Math.min(maxTokens, MAX_ERROR_TOKENS), count },
  )
}

function join(
  message: string,
  content: OperationResult['content'],
  hint: ResponseHint,
  { maxTokens, count }: Budget,
): string {
  const said = shortenText(message, { maxTokens, count })
  const rest = maxTokens - count(`${said}\n`)
  if (content.kind === 'none' || rest <= 0) return said
  return `${said}\n${shortenContent(content, hint, { maxTokens: rest, count })}`
}

function shortenContent(content: OperationResult['content'], hint: ResponseHint, budget: Budget): string {
  switch (content.kind) {
    case 'none':
      return '(The answer has no content.)'
    case 'text':
      return shortenText(content.text, budget)
    case 'json':
      return shortenJson(selectFields(content.value, hint.fields), hint.maxItems ?? Number.POSITIVE_INFINITY, budget)
  }
}

function shortenJson(value: unknown, maxItems: number, budget: Budget): string {
  const write = (limits: Partial<Limits>) =>
    JSON.stringify(reduceValue(value, { items: maxItems, characters: Number.POSITIVE_INFINITY, depth: 64, ...limits }))
  const whole = write({})
  if (fits(whole, budget)) return whole
  const most = Math.min(maxItems, longestList(value))
  for (const characters of STRING_LIMITS) {
    const items = largest(most, (n) => fits(write({ items: n, characters }), budget))
    if (items >= Math.min(WANTED_ITEMS, most) && items > 0) return write({ items, characters })
  }
  const characters = STRING_LIMITS.at(-1)!
  const items = largest(Math.min(most, WANTED_ITEMS), (n) => fits(write({ items: n, characters }), budget))
  if (items > 0) return write({ items, characters })
  for (const depth of DEPTH_LIMITS) {
    const text = write({ items: 1, characters, depth })
    if (fits(text, budget)) return text
  }
  // Hundreds of keys side by side: no JSON of it fits.
  return shortenText(write({ items: 1, characters, depth: 1 }), budget)
}

function shortenText(text: string, budget: Budget): string {
  if (fits(text, budget)) return text
  const most = Math.min(text.length, budget.maxTokens * MAX_CHARACTERS_PER_TOKEN)
  return cutAtWord(
    text,
    largest(most, (characters) => fits(cutAtWord(text, characters), budget)),
  )
}

function fits(text: string, { maxTokens, count }: Budget): boolean {
  return text.length <= maxTokens * MAX_CHARACTERS_PER_TOKEN && count(text) <= maxTokens
}

/** The largest whole number up to `most` that fits, or 0, when everything below one that fits does so too. */
function largest(most: number, isFitting: (n: number) => boolean): number {
  let low = 0
  let high = most
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isFitting(middle)) low = middle
    else high = middle - 1
  }
  return low
}
