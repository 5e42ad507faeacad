/** An array's `shift` moves all that remain; this one does not. */
export class Fifo<Entry> {
  #entries: Entry[] = []
  #first = 0

  get isEmpty(): boolean {
    return this.#first === this.#entries.length
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#first]
    if (entry === undefined) return undefined
    this.#first++
    if (this.isEmpty) {
      this.#entries = []
      this.#first = 0
    }
    return entry
  }
}
