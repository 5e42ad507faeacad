/**
 * A small but complete `tokenizer.json`: byte-level BPE as GPT-2, Llama 3 and Qwen have it, with a few merges.
 *
 * It knows the words " the", " world" and "Hello", the syllable 안, and the special token `<|im_end|>`; everything else
 * is counted by bytes.
 */
export function smallTokenizerJson() {
  const bytes = byteLetters()
  const spell = (text: string) => [...Buffer.from(text)].map((byte) => bytes[byte]!)
  const vocabulary = new Map(bytes.map((letter, id) => [letter, id]))
  const merges: [string, string][] = []
  for (const word of ['Hello', ' world', ' the', '안']) {
    const [first, ...rest] = spell(word)
    let left = first!
    for (const right of rest) {
      if (!merges.some(([l, r]) => l === left && r === right)) merges.push([left, right])
      left += right
      if (!vocabulary.has(left)) vocabulary.set(left, vocabulary.size)
    }
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    added_tokens: [
      {
        id: vocabulary.size,
        content: '<|im_end|>',
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', unk_token: null, vocab: Object.fromEntries(vocabulary), merges },
  }
}

/** The letters in which byte-level vocabularies spell the 256 bytes: printable ones themselves, others from U+0100 on. */
function byteLetters(): string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    return String.fromCharCode(isPrintable ? byte : next++)
  })
}
