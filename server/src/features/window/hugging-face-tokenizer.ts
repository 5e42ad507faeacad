import { readFile, stat } from 'node:fs/promises'
import { BPE, Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { ESTIMATE } from './estimate.ts'
import { createTokenizer, type Tokenizer } from './tokenizer.ts'

/** The largest known is 34 MB (Gemma). */
const MAX_FILE_BYTES = 128 * 1024 * 1024

/** UTF-16 code units counted after which the library's memory of words is emptied. */
const FORGET_AFTER = 4_000_000

/** Has something of everything, so that a tokenizer that cannot count shows it when it is loaded. */
const PROBE = 'Hello, world! 안녕하세요. こんにちは、世界。 12345\n\t<|endoftext|> 👍'

/**
 * Reads a `tokenizer.json` in the format of Hugging Face.
 *
 * Blocks the event loop while the file is parsed, up to a second for the largest vocabularies.
 *
 * @param file absolute path.
 * @throws {Error} when the file cannot be read, is too large, is no JSON, or describes no tokenizer that can count.
 */
export async function readHuggingFaceTokenizer(name: string, file: string): Promise<Tokenizer> {
  const { size } = await stat(file)
  if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes; the most is ${MAX_FILE_BYTES}`)
  const json: unknown = JSON.parse((await readFile(file, 'utf8')).replace(/^\ufeff/, ''))
  if (typeof json !== 'object' || json === null || !('model' in json)) throw new Error('it describes no tokenizer')

  const library = new HuggingFaceTokenizer(withPlainSpecialTokens(json), {})
  const countWithLibrary = (text: string) => library.encode(text, { add_special_tokens: false }).ids.length
  if (countWithLibrary(PROBE) === 0) throw new Error('it finds no tokens in ordinary text')

  let counted = 0
  return createTokenizer(name, false, (slice) => {
    // As with OpenAI's encodings, remembered words keep the texts in memory that they were cut from.
    counted += slice.length
    if (counted > FORGET_AFTER && library.model instanceof BPE) {
      library.model.clear_cache()
      counted = slice.length
    }
    try {
      return countWithLibrary(slice)
    } catch {
      // Some vocabularies have no token for a character and no unknown token either; a count must not fail for that.
      return ESTIMATE.count(slice)
    }
  })
}

/**
 * Without the special tokens, so that `<|im_end|>` in somebody's message is counted as the text it is; and with the
 * parts that may be left out in the file but not for the library.
 */
function withPlainSpecialTokens(json: object): object {
  const added = 'added_tokens' in json && Array.isArray(json.added_tokens) ? json.added_tokens : []
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...json,
    added_tokens: added.filter((token) => !token?.special),
  }
}
