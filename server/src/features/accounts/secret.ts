import { hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.ts'

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
