import type { Extraction } from './extract.ts'
import { PHRASES } from './phrases.ts'
import type { Language } from './words.ts'

/** Which of the two offline models speaks: one in prose, the other in an outline. */
export type Arrangement = 'prose' | 'outline'

export type Finding = { kind: 'leads' | 'summaries' | 'toolLeads'; extraction: Extraction }

/** Puts what was found into words. @param variant chooses among equally good openings. */
export function composeAnswer(arrangement: Arrangement, language: Language, finding: Finding, variant: number): string {
  const phrases = PHRASES[language]
  const leads = phrases[finding.kind]
  const lead = leads[variant % leads.length] ?? leads[0]
  const { sentences, shared } = finding.extraction
  if (arrangement === 'prose') {
    if (finding.kind === 'toolLeads') return `${lead}\n\n${sentences.join('\n')}`
    return `${lead}\n\n${sentences.map(endSentence).join(language === 'ja' ? '' : ' ')}`
  }
  const bullets = sentences.map((sentence) => `- ${emphasise(sentence, shared)}`)
  const keywords = wholeWords(sentences, shared).slice(0, 6)
  const footer = keywords.length > 0 ? `\n\n*${phrases.keywords}: ${keywords.join(', ')}*` : ''
  return `### ${phrases.outlineTitle}\n\n${bullets.join('\n')}${footer}`
}

/** What is said when nothing fits. */
export function composeNothing(arrangement: Arrangement, language: Language, question: string): string {
  const { greeting, nothing } = PHRASES[language]
  const hello = isGreeting(question) ? `${greeting} ` : ''
  if (arrangement === 'prose') {
    const [between, end] = language === 'ja' ? ['、', '。'] : ['; ', '. ']
    return `${hello}${nothing.what}\n\n${nothing.canLead} ${nothing.can.join(between)}${end}\n\n${nothing.advice}`
  }
  return `${hello}${nothing.what}\n\n**${nothing.canLead.replace(/[:：]$/u, '')}**\n\n${nothing.can.map((line) => `- ${line}`).join('\n')}\n\n${nothing.advice}`
}

function isGreeting(question: string): boolean {
  return /^\s*(hi|hello|hey|good (morning|afternoon|evening)|안녕|반가|こんにちは|こんばんは|おはよう|はじめまして)/iu.test(
    question,
  )
}

function endSentence(sentence: string): string {
  return /[.!?。！？…:"'”’)\]]$/u.test(sentence)
    ? sentence
    : `${sentence}${/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(sentence) ? '。' : '.'}`
}

/** Makes the first word bold that the question also has. */
function emphasise(sentence: string, shared: readonly string[]): string {
  const lower = sentence.toLowerCase()
  const word = [...shared].sort((a, b) => b.length - a.length).find((one) => one.length > 1 && lower.includes(one))
  if (word === undefined || lower.length !== sentence.length) return sentence
  const at = lower.indexOf(word)
  // To the end of the word, since features are stems.
  const rest = /^[\p{Script=Latin}\p{N}]+/u.test(word)
    ? (/^[\p{Script=Latin}\p{N}]*/u.exec(sentence.slice(at + word.length))?.[0] ?? '')
    : ''
  const end = at + word.length + rest.length
  return `${sentence.slice(0, at)}**${sentence.slice(at, end)}**${sentence.slice(end)}`
}

/** The words of the sentences that hold something shared: what is shared may be only a pair of characters. */
function wholeWords(sentences: readonly string[], shared: readonly string[]): string[] {
  const found = shared.filter((piece) => piece.length > 1)
  const words = sentences.flatMap((sentence) => sentence.match(WORDS) ?? [])
  const holding = words.filter((word) => found.some((piece) => word.normalize('NFKC').toLowerCase().includes(piece)))
  return [...new Set(holding)]
}

/** Words between spaces; in Japanese, runs of one script that carry meaning. */
const WORDS = /[\p{Script=Han}]{2,}|[\p{Script=Katakana}ー]{2,}|[\p{Script=Hangul}\p{Script=Latin}\p{N}]{2,}/gu
