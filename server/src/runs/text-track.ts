export type TextPiece = { offset: number; text: string }

/**
 * A growing text that is told in pieces twice: often to live readers, and in larger pieces to the event log.
 *
 * Offsets are in UTF-16 code units. A piece never ends between the two halves of a surrogate pair.
 */
export class TextTrack {
  #announced = ''
  #pending = ''
  #unstored = ''

  add(text: string): void {
    this.#pending += text
  }

  get length(): number {
    return this.#announced.length + this.#pending.length
  }

  /** All that has been announced. */
  get text(): string {
    return this.#announced
  }

  /** The next piece for live readers, if there is one; the last call says that nothing follows. */
  announce(isLast: boolean): TextPiece | undefined {
    let text = this.#pending
    const tornPair = !isLast && isHighSurrogate(text.charCodeAt(text.length - 1))
    if (tornPair) text = text.slice(0, -1)
    if (text === '') return undefined
    this.#pending = tornPair ? this.#pending.slice(-1) : ''
    const piece = { offset: this.#announced.length, text }
    this.#announced += text
    this.#unstored += text
    return piece
  }

  /** What was announced since the last call, as one piece for the event log. */
  takeUnstored(): TextPiece | undefined {
    const text = this.#unstored
    if (text === '') return undefined
    this.#unstored = ''
    return { offset: this.#announced.length - text.length, text }
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
