/** What is known of one emoji, by its characters without tones and variation selectors. */
type Known = { emoji: string; name: string; group: string; skin_tone_support: boolean }
type EmojiData = Record<string, Omit<Known, 'emoji'>>

const TONES: Record<string, string> = {
  '\u{1f3fb}': 'light',
  '\u{1f3fc}': 'medium-light',
  '\u{1f3fd}': 'medium',
  '\u{1f3fe}': 'medium-dark',
  '\u{1f3ff}': 'dark',
}
const TONE = /[\u{1f3fb}-\u{1f3ff}]/gu
const VARIATION = /\ufe0f/g

/** Two people with a tone each are written as a sequence that does not exist without tones. */
const TONELESS: Record<string, string> = {
  '👩‍🤝‍👩': '👭',
  '👩‍🤝‍👨': '👫',
  '👨‍🤝‍👨': '👬',
  '🫱‍🫲': '🤝',
  '🧑‍❤‍🧑': '💑',
  '🧑‍❤‍💋‍🧑': '💏',
}

/** Names in which the tone stands in the middle: `man: light skin tone, red hair`. */
const LAST_OF_NAME = /^(.*?)_((?:red|curly|white|blond)_hair|bald|beard)$/

/** Emoji and their names, as Python's `emoji` package knows them (weave.md §1.4, item 13). */
export class Emoji {
  readonly #known = new Map<string, Known>()
  readonly #segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

  constructor(data: EmojiData) {
    for (const [emoji, one] of Object.entries(data)) this.#known.set(bare(emoji), { ...one, emoji })
  }

  /** Finds the emoji in a text; it is asked for once, when somebody first reacts. */
  static async load(): Promise<Emoji> {
    const { default: data } = await import('unicode-emoji-json/data-by-emoji.json', { with: { type: 'json' } })
    return new Emoji(data)
  }

  count(text: string): number {
    return this.#parts(text).filter(({ known }) => known).length
  }

  /** The text with names in place of emoji, `:thumbs_up_medium_skin_tone:`. */
  demojize(text: string): string {
    return this.#parts(text)
      .map(({ known, part }) => (known ? aliasOf(known, part === known.emoji ? [] : tonesOf(part)) : part))
      .join('')
  }

  /** The text with emoji that have no skin tone. */
  detone(text: string): string {
    return this.#parts(text)
      .map(({ known, part }) => (known ? known.emoji : part))
      .join('')
  }

  #parts(text: string): { part: string; known: Known | undefined }[] {
    return [...this.#segmenter.segment(text)].flatMap(({ segment }) => {
      const known = this.#find(segment)
      return known ? [{ part: segment, known }] : this.#pieces(segment)
    })
  }

  /** Of something that looks like one character and is none that is known: the longest that are, one after another. */
  #pieces(segment: string): { part: string; known: Known | undefined }[] {
    const characters = [...segment]
    const pieces: { part: string; known: Known | undefined }[] = []
    for (let start = 0; start < characters.length; ) {
      let end = characters.length
      let known: Known | undefined
      for (; end > start && !known; end--) known = this.#find(characters.slice(start, end).join(''))
      const length = known ? end + 1 - start : 1
      pieces.push({ part: characters.slice(start, start + length).join(''), known })
      start += length
    }
    return pieces
  }

  #find(text: string): Known | undefined {
    const tone = TONES[text]
    if (tone !== undefined)
      return { emoji: text, name: `${tone} skin tone`, group: 'Component', skin_tone_support: true }
    const key = bare(text)
    const known = this.#known.get(TONELESS[key] ?? key)
    return known && (known.skin_tone_support || !TONE_ONCE.test(text)) ? known : undefined
  }
}

const TONE_ONCE = /[\u{1f3fb}-\u{1f3ff}]/u

function bare(emoji: string): string {
  return emoji.replaceAll(VARIATION, '').replaceAll(TONE, '')
}

/** Equal tones of two people are named once. */
function tonesOf(emoji: string): string[] {
  return [...new Set(emoji.match(TONE) ?? [])].map((tone) => TONES[tone] ?? '')
}

function aliasOf({ name, group }: Known, tones: readonly string[]): string {
  const country = group === 'Flags' ? name.replace(/^flag /, '') : name
  const words = country
    .normalize('NFKC')
    .replaceAll(/[:,“”„]/g, '')
    .replaceAll(' ', '_')
  if (tones.length === 0) return `:${words}:`
  const tone = tones.map((one) => `${one}_skin_tone`).join('_')
  const [, begin, end] = LAST_OF_NAME.exec(words) ?? []
  return begin === undefined ? `:${words}_${tone}:` : `:${begin}_${tone}_${end}:`
}
