import { hash } from 'node:crypto'

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024
/** Longer texts are remembered by their digest, so that one document does not push out a hundred messages. */
const LONGEST_KEPT_TEXT = 1024
/** What an entry costs beside its text. */
const ENTRY_BYTES = 80

/**
 * Remembers numbers by text, the lately used ones, within a limit of memory.
 *
 * A conversation comes back from the database as new objects on every turn; its texts are the same. Two generations
 * stand in for a list in order of use: what is found in the old one moves to the young one, and when that is full the
 * old one is forgotten as a whole.
 */
export class TokenMemory {
  readonly #generationBytes: number
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #youngBytes = 0

  /** @param maxBytes approximate, of keys and entries together. */
  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#generationBytes = maxBytes / 2
  }

  find(text: string): number | undefined {
    const key = keyOf(text)
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.#add(key, old)
    return old
  }

  remember(text: string, value: number): void {
    this.#add(keyOf(text), value)
  }

  #add(key: string, value: number): void {
    if (!this.#young.has(key)) this.#youngBytes += 2 * key.length + ENTRY_BYTES
    this.#young.set(key, value)
    if (this.#youngBytes <= this.#generationBytes) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }
}

/** A text that begins with NUL is hashed too, so that no text can be mistaken for the digest of another. */
function keyOf(text: string): string {
  if (text.length <= LONGEST_KEPT_TEXT && text.charCodeAt(0) !== 0) return text
  return `\0${hash('sha256', text, 'base64')}${text.length}`
}
