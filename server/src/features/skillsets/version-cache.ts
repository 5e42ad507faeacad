import type { SkillsetVersion } from './skill.ts'

/**
 * The versions that were used last: they never change, and reading one parses all that its skills say.
 *
 * @param maxCharacters of their JSON together.
 */
export class VersionCache {
  readonly #maxCharacters: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, { version: SkillsetVersion; characters: number }>()
  #characters = 0

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  async get(
    skillsetId: string,
    version: number,
    load: () => Promise<SkillsetVersion | undefined>,
  ): Promise<SkillsetVersion | undefined> {
    const key = `${skillsetId}/${version}`
    const known = this.#entries.get(key)
    if (known) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known.version
    }
    const loaded = await load()
    if (loaded && !this.#entries.has(key)) this.#keep(key, loaded)
    return loaded
  }

  #keep(key: string, version: SkillsetVersion): void {
    const characters = JSON.stringify(version).length
    if (characters > this.#maxCharacters) return
    this.#entries.set(key, { version, characters })
    this.#characters += characters
    for (const [oldest, entry] of this.#entries) {
      if (this.#characters <= this.#maxCharacters) break
      this.#entries.delete(oldest)
      this.#characters -= entry.characters
    }
  }
}
