import { access } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { AppError } from '../../errors.ts'
import { ESTIMATE } from './estimate.ts'
import { isGptEncodingName, loadGptEncoding } from './gpt-encodings.ts'
import type { Tokenizer } from './tokenizer.ts'

/** How long a tokenizer that could not be loaded is not tried again. */
const RETRY_AFTER_MS = 60_000

/** Parts of a name, between slashes, begin with a letter, a digit or _: no `..`, no hidden file, no absolute path. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_. -]*(\/[\p{L}\p{N}_][\p{L}\p{N}_. -]*)*$/u

/**
 * The tokenizers that the catalog can name: OpenAI's encodings, `estimate`, and files in the data folder,
 * `tokenizers/<name>.json` or `tokenizers/<name>/tokenizer.json`. Each is loaded when it is first needed, and once.
 */
export class TokenizerService {
  readonly #folder: string
  readonly #warn: (message: string) => void
  readonly #now: () => number
  readonly #loaded = new Map<string, Promise<Tokenizer>>()
  readonly #failed = new Map<string, number>()

  constructor(deps: { dataFolder: string; warn: (message: string) => void; now?: () => number }) {
    this.#folder = resolve(deps.dataFolder, 'tokenizers')
    this.#warn = deps.warn
    this.#now = deps.now ?? Date.now
  }

  /**
   * The tokenizer with this name.
   *
   * @throws {AppError} `tokenizer_unavailable`, which names the file and says what is wrong with it.
   */
  load(name: string): Promise<Tokenizer> {
    const known = this.#loaded.get(name)
    if (known) return known
    const loading = this.#load(name)
    this.#loaded.set(name, loading)
    // A file can be repaired while the server runs: only what has worked is kept.
    loading.catch(() => this.#loaded.delete(name))
    return loading
  }

  /** The tokenizer with this name or, where it cannot be loaded, the estimate and a warning; tried again a minute later. */
  async loadOrEstimate(name: string): Promise<Tokenizer> {
    const failedAt = this.#failed.get(name)
    if (failedAt !== undefined && this.#now() - failedAt < RETRY_AFTER_MS) return ESTIMATE
    try {
      const tokenizer = await this.load(name)
      this.#failed.delete(name)
      return tokenizer
    } catch (error) {
      this.#failed.set(name, this.#now())
      this.#warn(`${(error as Error).message} Tokens are estimated instead.`)
      return ESTIMATE
    }
  }

  async #load(name: string): Promise<Tokenizer> {
    if (name === ESTIMATE.name) return ESTIMATE
    if (isGptEncodingName(name)) return await loadGptEncoding(name)
    const file = await this.#findFile(name)
    // Imported when it is first needed, like the encodings: most installations have no such file.
    const { readHuggingFaceTokenizer } = await import('./hugging-face-tokenizer.ts')
    try {
      return await readHuggingFaceTokenizer(name, join(this.#folder, file))
    } catch (error) {
      throw unavailable(name, `the file tokenizers/${file} cannot be used: ${(error as Error).message}.`, error)
    }
  }

  /** The file's path below the folder. */
  async #findFile(name: string): Promise<string> {
    if (!NAME.test(name)) throw unavailable(name, 'this is not a name that a file in tokenizers/ can have.')
    const candidates = [`${name}.json`, `${name}/tokenizer.json`]
    for (const file of candidates) {
      const path = resolve(this.#folder, file)
      if (path.startsWith(this.#folder + sep) && (await exists(path))) return file
    }
    throw unavailable(
      name,
      `it is no built-in encoding, and the data folder has neither tokenizers/${candidates.join(' nor tokenizers/')}.`,
    )
  }
}

function unavailable(name: string, why: string, cause?: unknown): AppError {
  return new AppError('unavailable', 'tokenizer_unavailable', `The tokenizer "${name}" is not available: ${why}`, {
    cause,
  })
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
