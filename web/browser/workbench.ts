import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Etude } from '@etude/sdk'
import { build as bundle } from 'esbuild'
import { FakeOpenAi, type FakeReply, type FakeRequest } from '../../server/src/models/fake-openai.ts'
import { plugCable } from './cable.ts'

const ROOT = join(import.meta.dirname, '../..')
const ADMIN_KEY = 'a-key-that-only-tests-use'

/** A model of the provider on loopback, and how it answers. */
export type ScriptedLane = {
  displayName?: string
  price?: number
  contextTokens?: number
  tools?: boolean
  reply: (request: FakeRequest) => FakeReply
}

export type Workbench = Awaited<ReturnType<typeof startWorkbench>>

/**
 * The server and the page as they are delivered, on a fresh database, over models whose answers a test has written.
 *
 * @param outboundAllow origins on this machine that skills may call, besides the provider's.
 */
export async function startWorkbench(models: Record<string, ScriptedLane>, outboundAllow: string[] = []) {
  const folder = await deliver()
  const provider = await FakeOpenAi.start((request) => models[String(request.body.model)]?.reply(request) ?? {})
  const configFile = join(folder, 'etude.config.json')
  writeFileSync(configFile, JSON.stringify(configOf(models, provider, outboundAllow)))
  const environment = {
    PATH: process.env.PATH ?? '',
    ETUDE_DATA: join(folder, 'data'),
    ETUDE_PORT: '0',
    ETUDE_CONFIG: configFile,
    ETUDE_LOG_LEVEL: 'warn',
  }
  const etude = (...args: string[]) =>
    spawn(process.execPath, [join(folder, 'server/dist/etude.cjs'), ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  await finish(etude('user', 'add', 'admin', '--admin', '--key', ADMIN_KEY))
  const server = etude('serve')
  const cable = await plugCable(await listeningPort(server))
  const { url } = cable

  return {
    url,
    /** Where the provider is; skills may call it too, and get `{}` from every path. */
    providerOrigin: provider.origin,
    adminKey: ADMIN_KEY,
    /** Breaks every connection between browser and server. */
    cutConnections: cable.pull,
    etude: new Etude({ baseUrl: url, apiKey: ADMIN_KEY }),
    /** A link that signs the admin in, once. */
    async signInUrl(): Promise<string> {
      const said = await finish(etude('link', 'admin'))
      const token = /#token=\S+/.exec(said)?.[0]
      if (!token) throw new Error(`No link in: ${said}`)
      return `${url}/sign-in${token}`
    },
    addPerson: (handle: string, ...options: string[]) => finish(etude('user', 'add', handle, ...options)),
    async stop(): Promise<void> {
      cable.unplug()
      server.kill('SIGKILL')
      await provider.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configOf(
  models: Record<string, ScriptedLane>,
  { baseUrl, origin }: FakeOpenAi,
  outboundAllow: readonly string[],
) {
  return {
    outbound: { allow: [origin, ...outboundAllow] },
    providers: [{ name: 'lab', kind: 'openai-compatible', baseUrl, retries: 0 }],
    models: Object.entries(models).map(([name, { displayName, price, contextTokens = 128_000, tools }]) => ({
      name,
      provider: 'lab',
      model: name,
      contextTokens,
      maxOutputTokens: Math.floor(contextTokens / 8),
      ...(displayName && { displayName }),
      ...(tools && { capabilities: { tools } }),
      ...(price && { pricePerMillionTokens: { input: price, output: 4 * price } }),
    })),
  }
}

/** Builds server and page into a folder of their own, laid out like the repository. */
async function deliver(): Promise<string> {
  const cache = join(import.meta.dirname, '../.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'browser-'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await bundle({
    entryPoints: [join(ROOT, 'server/src/main.ts')],
    outfile: join(folder, 'server/dist/etude.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['better-sqlite3', 'pg-native'],
    define: { 'import.meta.dirname': '__dirname' },
    logLevel: 'error',
  })
  for (const worker of ['db/sqlite-writer.mjs', 'features/skillsets/document/yaml-worker.mjs'])
    copyFileSync(join(ROOT, 'server/src', worker), join(folder, 'server/dist', basename(worker)))
  const openapi = join(ROOT, 'openapi.json')
  if (existsSync(openapi)) copyFileSync(openapi, join(folder, 'openapi.json'))
  // In a process of its own: under a test runner it would become a development build.
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  const options = ['--outDir', join(folder, 'web/dist'), '--emptyOutDir', '--logLevel', 'warn']
  await finish(
    spawn(process.execPath, [vite, 'build', ...options], {
      cwd: join(ROOT, 'web'),
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  return folder
}

async function finish(child: ChildProcess): Promise<string> {
  let said = ''
  child.stdout?.on('data', (text) => (said += text))
  child.stderr?.on('data', (text) => (said += text))
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (exitCode !== 0) throw new Error(said)
  return said
}

/** The server says where it listens; what it says instead when it cannot start becomes the error. */
async function listeningPort(server: ChildProcess): Promise<number> {
  const { stdout, stderr } = server
  if (!stdout || !stderr) throw new Error('the server has no output')
  stdout.resume()
  let said = ''
  for await (const line of createInterface({ input: stderr })) {
    said += `${line}\n`
    const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port) {
      stderr.resume()
      return Number(port)
    }
  }
  throw new Error(`The server did not start:\n${said}`)
}
