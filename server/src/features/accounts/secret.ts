import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { AppError } from '../../errors.ts'

const SECRET_BYTES = 48
const MIN_CHARACTERS = 32

/** What this server signs and encrypts with. Nothing uses the secret itself: every purpose has its own key. */
export class ServerSecret {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /** A key of 32 bytes that is always the same for one purpose and tells nothing about those of others. */
  deriveKey(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, 'etude', purpose, 32))
  }
}

/** Of sealed values: which key and cipher made them, so that both can change one day. */
const SEAL_VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Keeps secrets that must be read again, encrypted with AES-256-GCM. */
export class SecretBox {
  readonly #key: Buffer

  /** @param key 32 bytes, from `ServerSecret.deriveKey`. */
  constructor(key: Buffer) {
    this.#key = key
  }

  /**
   * Encrypts a text, differently every time.
   *
   * @param context what the text belongs to, e.g. `credential 17`. It is not stored: whoever opens the value must name
   *   the same, so a value that was moved to another row does not open.
   */
  seal(text: string, context: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(context))
    const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.of(SEAL_VERSION), nonce, cipher.getAuthTag(), encrypted]).toString('base64')
  }

  /** @throws {AppError} `secret_unreadable` if it was changed, belongs to something else or to another server's secret. */
  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    try {
      if (bytes[0] !== SEAL_VERSION) throw new Error(`Version ${bytes[0]} of sealed values is unknown.`)
      const tagAt = 1 + NONCE_BYTES
      const textAt = tagAt + TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(1, tagAt), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(tagAt, textAt))
      return Buffer.concat([decipher.update(bytes.subarray(textAt)), decipher.final()]).toString('utf8')
    } catch (cause) {
      const message = 'A stored secret cannot be read: the server now has another secret of its own. Enter it again.'
      throw new AppError('unavailable', 'secret_unreadable', message, { cause })
    }
  }
}

/**
 * The configured secret, or the one in the data folder's file `secret`, which is made when it is not there.
 *
 * @throws {Error} if the file can be neither read nor made, or holds less than 32 characters.
 */
export async function loadSecret(config: Pick<Config, 'secret' | 'dataFolder'>): Promise<ServerSecret> {
  if (config.secret !== undefined) return new ServerSecret(config.secret)
  const file = join(config.dataFolder, 'secret')
  const secret = (await readSecret(file)) ?? (await makeSecret(config.dataFolder, file))
  if (secret.length < MIN_CHARACTERS)
    throw new Error(
      `${file} must hold at least ${MIN_CHARACTERS} characters; restore it or delete it to get a new one.`,
    )
  return new ServerSecret(secret)
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Two processes that start together must end up with one secret, so the file appears whole and only once. */
async function makeSecret(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  await writeFile(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return (await readFile(file, 'utf8')).trim()
}
