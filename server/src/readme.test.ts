import { execFile, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { newTestFolder, testDatabases } from './db/testing.ts'
import { ModelCatalog } from './features/catalog/catalog.ts'
import { OFFLINE_MODELS } from './models/offline.ts'
import { appForTest } from './testing.ts'

const ROOT = join(import.meta.dirname, '../..')

const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0)

it.skipIf(!hasTools)(
  'every curl line of the README works, one after another, on a server that has just been started',
  async () => {
    const offlineModels = OFFLINE_MODELS.map((model) => ({ ...model, wordDelayMs: 0 }))
    const catalog = new ModelCatalog({ providers: [], models: [] }, { localOllama: null, offlineModels })
    const database = await testDatabases[0]!.open()
    const { app, person } = await appForTest(database, [], { catalog })
    const admin = await person('admin', { isAdmin: true })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })

    // The README makes a file and sends itself.
    const folder = newTestFolder()
    copyFileSync(join(ROOT, 'README.md'), join(folder, 'README.md'))
    const script = [
      `curl() { command curl -w '%{stderr}%{http_code} %{method} %{url_effective}\n' "$@" || echo "000 $*" >&2; }`,
      ...[...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)]
        .map(([, block]) => block ?? '')
        .filter((block) => /^\s*(\w+=\$\()?curl /m.test(block)),
    ].join('\n')
    const env = { PATH: process.env.PATH, URL: url, KEY: admin.authorization.replace('Bearer ', '') }
    const { stderr } = await promisify(execFile)('bash', ['-c', script], {
      cwd: folder,
      env,
      maxBuffer: 64 * 1024 * 1024,
    })

    const replies = stderr.split('\n').filter((line) => /^\d{3} /.test(line))
    expect(replies.length).toBeGreaterThan(50)
    // What others have published cannot be had everywhere where tests run.
    const own = replies.filter((line) => !line.includes('/v1/skills/check'))
    expect(own.filter((line) => !line.startsWith('2'))).toEqual([])
  },
  60_000,
)
