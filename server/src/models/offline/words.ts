/** The languages in which the offline models speak. */
export type Language = 'ko' | 'ja' | 'en'

/** The language of a question, by its script. Any Hangul is Korean, kana or Han without it Japanese. */
export function languageOf(text: string): Language {
  if (/\p{Script=Hangul}/u.test(text)) return 'ko'
  return /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text) ? 'ja' : 'en'
}

/** Words that say how something is asked, not what about; they would match everything. */
const ASKING: readonly RegExp[] = [
  /(알려|가르쳐|설명해|말해|대답해|답해|찾아|보여|요약해|정리해)\s*(주세요|주십시오|줘요|줘|봐|주실래요|주시겠어요)?/gu,
  /(무엇|뭐|뭔가|어떻게|어떤|언제|어디|누구|누가|왜|얼마나|얼마|며칠|몇)(인가요|입니까|이야|야|예요|이에요|인지|에서|까지|부터|나)?/gu,
  /(인가요|입니까|습니까|ㅂ니까|되나요|하나요|할까요|있나요|나요|까요|해요|주세요|좀|대해서?|관해서?)/gu,
  /(教えて|説明して|答えて|要約して|まとめて|示して)(ください|下さい|くれますか|ほしい)?/gu,
  /(何|なに|なん|いつ|どこ|だれ|誰|なぜ|どう|どの|どれ|いくら|いくつ)(ですか|でしょうか|ですかね|まで|から|に|で|を|が|の)?/gu,
  /(ですか|ますか|でしょうか|とは|について|に関して|ください|下さい)/gu,
]
const ENGLISH_STOP_WORDS = new Set(
  `a an the and or but of to in on at by for from with about as is are was were be been being do does did have has had i you he she it we they
  me my your his her its our their this that these those what which who whom when where why how can could will would shall should may might must
  not no yes please tell explain describe give show say let there here if then than so too very just also any some all more most much many up out
  us them am im whats hows s t many long kind`.split(/\s+/),
)

/**
 * What a text is about: words of scripts that write spaces, pairs of characters of those that do not, each with the
 * weight that it has as evidence.
 */
export function featuresOf(text: string): Map<string, number> {
  const features = new Map<string, number>()
  let cleaned = text.normalize('NFKC').toLowerCase()
  for (const pattern of ASKING) cleaned = cleaned.replace(pattern, ' ')
  for (const [word] of cleaned.matchAll(WORD)) {
    if (!WITHOUT_SPACES.test(word)) {
      const stem = stemOf(word)
      if (!ENGLISH_STOP_WORDS.has(word) && stem !== '') features.set(stem, /^\d+$/.test(stem) ? 0.6 : 1)
    } else if (word.length === 1) features.set(word, 0.4)
    else
      for (let at = 0; at + 1 < word.length; at++)
        features.set(word.slice(at, at + 2), weightOfPair(word.slice(at, at + 2)))
  }
  return features
}

const WORD =
  /[\p{Script=Hangul}]+|[\p{Script=Han}々ー\p{Script=Katakana}\p{Script=Hiragana}]+|[\p{L}\p{N}](?:[\p{L}\p{N}'’_-](?![\p{Script=Hangul}\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}]))*/gu
const WITHOUT_SPACES = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}]/u

/** Hiragana is mostly grammar. */
function weightOfPair(pair: string): number {
  return /^\p{Script=Hiragana}+$/u.test(pair) ? 0.2 : 1
}

function stemOf(word: string): string {
  const bare = word.replace(/['’]s$/u, '').replace(/^[_-]+|[_'’-]+$/gu, '')
  if (bare.length > 5 && bare.endsWith('ing')) return bare.slice(0, -3)
  if (bare.length > 4 && bare.endsWith('ied')) return `${bare.slice(0, -3)}y`
  if (bare.length > 4 && bare.endsWith('ies')) return `${bare.slice(0, -3)}y`
  if (bare.length > 4 && bare.endsWith('ed')) return bare.slice(0, -2)
  if (bare.length > 3 && bare.endsWith('s') && !bare.endsWith('ss')) return bare.slice(0, -1)
  return bare.length > 4 && bare.endsWith('e') ? bare.slice(0, -1) : bare
}

/** How alike two texts are in what they are about, 0 to 1 (Dice's coefficient). */
export function likeness(one: Map<string, number>, other: Map<string, number>): number {
  let shared = 0
  for (const [feature, weight] of one) if (other.has(feature)) shared += weight
  const all = sum(one.values()) + sum(other.values())
  return all === 0 ? 0 : (2 * shared) / all
}

/** Splits a text into sentences; headings, list items and lines count as sentences, their marks removed. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/\r?\n+/)
    .map((line) => line.replace(/^\s*(?:[-*•·>]\s+|#{1,6}\s+|\d{1,2}[.)]\s+)+/u, '').trim())
    .flatMap((line) => line.split(/(?<=[。！？])|(?<=[.!?]["'”’)]?)\s+(?=\S)/u))
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

export function isQuestion(sentence: string): boolean {
  return /[?？]["'”’)]?\s*$/u.test(sentence) || /(까|나요|인가요|니|か)[.。]?$/u.test(sentence)
}

/** The offline models' own count of tokens: a character of Korean, Japanese or Chinese, or four of anything else. */
export function countTokens(text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(
    /[\p{Script=Hangul}\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}]|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu,
  ))
    tokens += Math.ceil(piece.length / 4)
  return tokens
}

/** Cuts a text into the pieces in which it is streamed: words with the space before them, or a few characters. */
export function piecesOf(text: string): string[] {
  return (
    text.match(
      /\s*(?:[\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}ー。、！？]{1,3}|[^\s\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}]+)|\s+$/gu,
    ) ?? []
  )
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
