import type { ChatMessage } from '../language-model.ts'
import { isQuestion, sentencesOf } from './words.ts'

/** A conversation as the offline models read it. */
export type Reading = {
  /** What is asked now. */
  question: string
  /** Everything that could hold the answer, in the order in which it was said. */
  sentences: string[]
  /** How many of the last sentences stand in the prompt itself: those may be summarised without being asked about. */
  inPrompt: number
  /** What tools answered since the question. */
  toolLines: string[]
  /** Names of the tools that were called since the question. */
  calledTools: Set<string>
  /** Pairs before the question that may be examples of how to answer. */
  examples: { prompt: string; answer: string }[]
}

/**
 * Finds the question and everything that may answer it.
 *
 * @param isOwnAnswer recognises answers of the offline models, which are no examples to imitate and no source to quote.
 */
export function readConversation(messages: readonly ChatMessage[], isOwnAnswer: (text: string) => boolean): Reading {
  const at = messages.findLastIndex((message) => message.role === 'user')
  const { question, rest } = splitPrompt(at < 0 ? '' : textOf(messages[at]!))
  const before = messages.slice(0, Math.max(0, at))
  const after = at < 0 ? messages : messages.slice(at + 1)

  const earlier = before.flatMap((message) => {
    if (message.role === 'system') return sentencesOf(message.content).filter((sentence) => !isInstruction(sentence))
    if (message.role === 'tool') return linesOfResult(message.content)
    const text = textOf(message)
    if (message.role === 'assistant' && isOwnAnswer(text)) return []
    return sentencesOf(text).filter((sentence) => !isQuestion(sentence))
  })
  const examples = before.flatMap((message, index) => {
    const previous = before[index - 1]
    if (
      message.role !== 'assistant' ||
      previous?.role !== 'user' ||
      message.content === '' ||
      isOwnAnswer(message.content)
    )
      return []
    return [{ prompt: textOf(previous).trim(), answer: message.content.trim() }]
  })
  return {
    question,
    sentences: [...new Set([...earlier, ...rest])],
    inPrompt: rest.length,
    toolLines: after.flatMap((message) => (message.role === 'tool' ? linesOfResult(message.content) : [])),
    calledTools: new Set(
      after.flatMap((message) =>
        message.role === 'assistant' ? (message.toolCalls ?? []).map((call) => call.name) : [],
      ),
    ),
    examples,
  }
}

/** Asks for a summary of what follows or precedes it. */
export function asksForSummary(question: string): boolean {
  return /summar|tl;?dr|key points|요약|정리|간추|要約|まとめ|要点/iu.test(question)
}

function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}

/** Parts a prompt into what it asks and the text that it brings along. */
function splitPrompt(prompt: string): { question: string; rest: string[] } {
  const sentences = sentencesOf(prompt)
  if (sentences.length < 2) return { question: prompt.trim(), rest: [] }
  const isAsked = (sentence: string) => isQuestion(sentence) || isInstruction(sentence) || asksForSummary(sentence)
  const asked = sentences.filter(isAsked)
  if (asked.length === 0 || asked.length === sentences.length) return { question: prompt.trim(), rest: [] }
  return { question: asked.join(' '), rest: sentences.filter((sentence) => !isAsked(sentence)) }
}

/** Tells the model what to do: nothing that an answer could quote, and perhaps not meant for the reader's eyes. */
function isInstruction(sentence: string): boolean {
  return (
    /^(you|your|act as|answer|respond|reply|write|use|do not|don't|never|always|please|be|keep|make|if|when|explain|describe|give|list|end|ask|read|think|speak|summari[sz]e|translate|the following|here (is|are)|based on|according to|using|context|question|role|task|rules?|instructions?)\b/iu.test(
      sentence,
    ) ||
    /^(당신은|너는|넌|귀하는|역할|지시|규칙)|(세요|시오|해라|하라|할 것|말 것|해줘|해 줘|알려줘|바랍니다)[.!]?$/u.test(
      sentence,
    ) ||
    /^(あなたは|君は|役割|指示)|(ください|下さい|なさい|すること|せよ|ないこと)[。.!！]?$/u.test(sentence) ||
    /^<\/?[\w-]+>$|:$|：$/u.test(sentence)
  )
}

const MOST_RESULT_LINES = 200

/** A tool's JSON as lines `path: value`, one for each object that holds only plain values, or its sentences. */
function linesOfResult(content: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    // Not JSON: words.
    return sentencesOf(content)
  }
  if (typeof value !== 'object' || value === null) return [String(value)]
  const lines: string[] = []
  const walk = (part: unknown, path: string): void => {
    if (lines.length >= MOST_RESULT_LINES) return
    if (isRecord(part)) lines.push(`${path ? `${path} ` : ''}${fieldsOf(part)}`)
    else if (typeof part === 'object' && part !== null)
      for (const [key, inner] of Object.entries(part))
        walk(inner, Array.isArray(part) ? path : path ? `${path} ${key}` : key)
    else lines.push(path ? `${path}: ${part}` : String(part))
  }
  walk(value, '')
  return lines
}

/** What reads well on one line: an object of a few plain values. */
function isRecord(value: unknown): value is Record<string, string | number | boolean | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const fields = Object.values(value)
  return (
    fields.length > 0 && fields.length <= 12 && fields.every((field) => typeof field !== 'object' || field === null)
  )
}

function fieldsOf(record: Record<string, string | number | boolean | null>): string {
  return Object.entries(record)
    .map(([key, field]) => `${key}: ${field}`)
    .join(', ')
}
