import type { GptEncoding } from 'gpt-tokenizer/GptEncoding'
import { cutLongRuns } from './text-slices.ts'
import { createTokenizer, type Tokenizer } from './tokenizer.ts'

/** Each is imported when it is first needed: its vocabulary takes 50 to 250 ms to load and 10 to 60 MB of memory. */
const ENCODINGS = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  o200k_harmony: () => import('gpt-tokenizer/encoding/o200k_harmony'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  p50k_base: () => import('gpt-tokenizer/encoding/p50k_base'),
  p50k_edit: () => import('gpt-tokenizer/encoding/p50k_edit'),
  r50k_base: () => import('gpt-tokenizer/encoding/r50k_base'),
  gpt2: () => import('gpt-tokenizer/encoding/gpt2'),
} satisfies Record<string, () => Promise<{ default: GptEncoding }>>

export type GptEncodingName = keyof typeof ENCODINGS

export function isGptEncodingName(name: string): name is GptEncodingName {
  return Object.hasOwn(ENCODINGS, name)
}

/** UTF-16 code units counted after which the library's memory of merged words is emptied. */
const FORGET_AFTER = 4_000_000

/** By default the library throws when a text holds what looks like one of its commands. */
const PLAIN_TEXT = { disallowedSpecial: new Set<string>() }

/** One of OpenAI's encodings. */
export async function loadGptEncoding(name: GptEncodingName): Promise<Tokenizer> {
  const { default: encoding } = await ENCODINGS[name]()
  let counted = 0
  return createTokenizer(name, false, (slice) => {
    // The library remembers words that are parts of the texts they came from, and so keeps whole texts in memory.
    counted += slice.length
    if (counted > FORGET_AFTER) {
      encoding.clearMergeCache()
      counted = slice.length
    }
    let tokens = 0
    for (const piece of cutLongRuns(slice)) tokens += encoding.countTokens(piece, PLAIN_TEXT)
    return tokens
  })
}
