import { featuresOf } from './words.ts'

/** Say when something is wanted, or that it is wanted, and fit every tool. */
const TIMES = /明後日|明日|今日|昨日|今週|来週|今夜|모레|내일|오늘|어제|이번\s?주|다음\s?주/gu
const WISHES = new Set(
  'find search get list look fetch return query retrieve check today tomorrow yesterday tonight want need'
    .split(' ')
    .map((word) => [...featuresOf(word).keys()][0] ?? word),
)
const WISHES_IN_PAIRS = new Set([
  '찾아',
  '검색',
  '조회',
  '목록',
  '확인',
  '추천',
  '정보',
  '検索',
  '一覧',
  '取得',
  '情報',
  '確認',
])

/**
 * The words of a question that say what it is about: stems of words between spaces, the first two syllables of Korean
 * ones (nouns stand before their particles), pairs of characters of Chinese or Katakana words.
 */
export function contentWords(question: string): string[] {
  const text = question.replace(TIMES, ' ')
  return [...featuresOf(text).keys()].filter((word) => isTelling(word) && isWordBeginning(word, text))
}

/** What a text holds, to be asked for the words of a question. */
export function searchable(text: string): ReadonlySet<string> {
  return new Set(featuresOf(text).keys())
}

function isTelling(word: string): boolean {
  if (/^\p{Script=Hangul}{2}$/u.test(word)) return !WISHES_IN_PAIRS.has(word)
  if (/^(?:[\p{Script=Han}々]{2}|[\p{Script=Katakana}ー]{2})$/u.test(word)) return !WISHES_IN_PAIRS.has(word)
  return /^[\p{Script=Latin}\p{N}'’_-]{3,}$/u.test(word) && !WISHES.has(word)
}

/** A pair of Korean syllables counts where a word begins with it. */
function isWordBeginning(word: string, text: string): boolean {
  if (!/^\p{Script=Hangul}/u.test(word)) return true
  return new RegExp(`(?<!\\p{Script=Hangul})${word}`, 'u').test(text.normalize('NFKC'))
}
