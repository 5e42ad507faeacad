import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Config, ConfigError, loadConfig, type ProviderConfig } from '../config.ts'
import { inspectDatabase } from '../db/inspect.ts'
import { ModelCatalog } from '../features/catalog/catalog.ts'
import { serverOrigin } from './people-commands.ts'
import { say, type Terminal } from './terminal.ts'

/** What keeps the server from working is a `fail`; what only makes it poorer is a `warn`. */
type Finding = { level: 'ok' | 'warn' | 'fail'; text: string }

const OLDEST_NODE = [20, 19] as const
const LOOK_TIMEOUT_MS = 5_000
const LITTLE_DISK_BYTES = 1024 ** 3
const TOO_LITTLE_DISK_BYTES = 50 * 1024 ** 2

/** Says what it finds about everything that the server needs. @returns the exit code: 1 after a `fail`. */
export async function runDoctor(terminal: Terminal): Promise<number> {
  let worst = 0
  const report = (findings: readonly Finding[]) => {
    for (const { level, text } of findings) {
      say(terminal, `${level.padEnd(4)}  ${text}`)
      if (level === 'fail') worst = 1
    }
  }

  report([checkNode(process.versions.node)])
  let config: Config
  try {
    config = loadConfig(terminal.environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    report([{ level: 'fail', text: error.message }])
    return worst
  }
  report(await checkDataFolder(config))
  report(await checkDatabase(config))
  report([await checkServer(config)])
  report(await Promise.all(config.providers.map(checkProvider)))
  report(await checkModels(config))
  return worst
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  if (isNewEnough) return { level: 'ok', text: `Node ${version}` }
  return { level: 'fail', text: `Node ${version} is too old: Etude needs ${OLDEST_NODE.join('.')} or newer.` }
}

async function checkDataFolder({ dataFolder, secret, database }: Config): Promise<Finding[]> {
  const folder = await nearestExisting(dataFolder)
  const findings: Finding[] = []
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    const made = folder === dataFolder ? '' : ', will be made at the first start'
    findings.push({ level: 'ok', text: `Data folder ${dataFolder}${made}` })
  } catch {
    findings.push({ level: 'fail', text: `The data folder ${dataFolder} cannot be written.` })
  }

  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < TOO_LITTLE_DISK_BYTES) findings.push({ level: 'fail', text: `The disk is full: ${megabytes(free)} free` })
  else if (free < LITTLE_DISK_BYTES)
    findings.push({ level: 'warn', text: `The disk is nearly full: ${megabytes(free)} free` })
  else findings.push({ level: 'ok', text: `Disk: ${megabytes(free)} free` })

  return [...findings, await checkSecret(join(dataFolder, 'secret'), secret !== undefined, database.kind)]
}

async function checkSecret(file: string, isConfigured: boolean, database: 'sqlite' | 'postgres'): Promise<Finding> {
  if (isConfigured) return { level: 'ok', text: 'Secret: from ETUDE_SECRET' }
  const found = await stat(file).catch(() => undefined)
  if (found && (found.mode & 0o077) !== 0)
    return { level: 'warn', text: `Others on this machine can read the secret: run "chmod 600 ${file}".` }
  if (database === 'postgres')
    return {
      level: 'warn',
      text: 'Secret: a file of this machine; several servers on one PostgreSQL need the same ETUDE_SECRET.',
    }
  return { level: 'ok', text: found ? `Secret: ${file}` : 'Secret: will be made at the first start' }
}

async function checkDatabase(config: Config): Promise<Finding[]> {
  const { database } = config
  if (database.kind === 'sqlite' && !(await stat(database.file).catch(() => undefined)))
    return [{ level: 'ok', text: `Database ${database.file}, will be made at the first start` }]
  const findings: Finding[] = []
  try {
    const { version, sizeBytes, pending, people } = await inspectDatabase(config)
    findings.push({ level: 'ok', text: `Database: ${version}, ${megabytes(sizeBytes)}` })
    if (pending.length > 0 || !people)
      return [
        ...findings,
        { level: 'warn', text: `The next start will bring the database up to date: ${pending.join(', ')}` },
      ]
    findings.push({ level: 'ok', text: 'All migrations have run' })
    if (people.admins === 0) findings.push({ level: 'warn', text: 'Nobody is an admin; the next start will make one' })
    else findings.push({ level: 'ok', text: `People: ${people.all}, admins among them: ${people.admins}` })
  } catch (error) {
    findings.push({ level: 'fail', text: (error as Error).message })
  }
  return findings
}

async function checkServer(config: Config): Promise<Finding> {
  const origin = serverOrigin(config)
  try {
    const reply = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
    if (reply.ok) return { level: 'ok', text: `Server: running at ${origin}` }
    return { level: 'warn', text: `Something else than Etude answers at ${origin} (${reply.status}).` }
  } catch {
    return { level: 'ok', text: `Server: not running at ${origin}` }
  }
}

/** Asks for the list of models: it costs nothing and needs the key. The server can live without any provider. */
async function checkProvider(provider: ProviderConfig): Promise<Finding> {
  const { url, headers } = modelListOf(provider)
  try {
    const reply = await fetch(url, {
      headers: { ...headers, ...provider.headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    })
    await reply.body?.cancel()
    if (reply.status === 401 || reply.status === 403)
      return { level: 'warn', text: `Provider ${provider.name} does not accept the key (${reply.status} from ${url})` }
    if (reply.status >= 500)
      return { level: 'warn', text: `Provider ${provider.name} is out of order (${reply.status} from ${url})` }
    return { level: 'ok', text: `Provider ${provider.name} answers at ${url}` }
  } catch {
    return { level: 'warn', text: `Provider ${provider.name} cannot be reached at ${url}` }
  }
}

function modelListOf({ kind, baseUrl, apiKey }: ProviderConfig): { url: string; headers: Record<string, string> } {
  switch (kind) {
    case 'openai-compatible':
      return { url: `${baseUrl}/models`, headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {} }
    case 'ollama':
      return { url: `${baseUrl ?? 'http://127.0.0.1:11434'}/api/tags`, headers: {} }
    case 'anthropic':
      return {
        url: `${baseUrl ?? 'https://api.anthropic.com/v1'}/models`,
        headers: { 'anthropic-version': '2023-06-01', ...(apiKey && { 'x-api-key': apiKey }) },
      }
    case 'google':
      return {
        url: `${baseUrl ?? 'https://generativelanguage.googleapis.com/v1beta'}/models`,
        headers: apiKey ? { 'x-goog-api-key': apiKey } : {},
      }
  }
}

async function checkModels(config: Config): Promise<Finding[]> {
  const catalog = new ModelCatalog(config)
  try {
    await catalog.refresh()
    const models = catalog.list()
    const fromOllama = models.filter((model) => model.kind === 'ollama').length
    return [
      { level: 'ok', text: `Models: ${models.map((model) => model.name).join(', ')}` },
      { level: 'ok', text: fromOllama > 0 ? `Ollama: ${fromOllama} of them` : 'Ollama: not found (it is optional)' },
    ]
  } finally {
    await catalog.close()
  }
}

async function nearestExisting(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined)
  return found || folder === dirname(folder) ? folder : nearestExisting(dirname(folder))
}

function megabytes(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`
}
