import { once } from 'node:events'
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../db/open.ts'
import { newTestFolder, testDatabases } from '../db/testing.ts'
import { accountsForTest, TestBrowser } from '../features/accounts/testing.ts'
import { createProgram } from './program.ts'

describe.each(testDatabases)('the command line beside a running server on $name', ({ newConfig }) => {
  it('adds a person whose key works with the running server at once', async () => {
    const { etude, app } = await serverAndCommandLine(await newConfig())

    const added = await etude('user', 'add', 'mina', '--name', 'Mina Kim', '--key', 'nv-0123456789abcdef')
    const boss = await etude('user', 'add', 'boss', '--admin', '--key', 'short')

    expect(added).toEqual({ code: 0, stdout: 'Added mina.\n', stderr: '' })
    expect(boss).toMatchObject({ code: 0, stderr: expect.stringContaining('can be guessed') })
    expect((await app.inject({ url: '/user/me', headers: bearer('nv-0123456789abcdef') })).json()).toMatchObject({
      person: { handle: 'mina', name: 'Mina Kim', is_admin: false },
      classes: [{ class_id: 1, role: 'student' }],
    })
    expect((await app.inject({ url: '/user/me', headers: bearer('short') })).json()).toMatchObject({
      person: { handle: 'boss', is_admin: true },
      classes: [{ class_id: 1, role: 'teacher' }],
    })
  })

  it('lets a person sign in with the password from the command or from stdin', async () => {
    const { etude, etudeHearing, app } = await serverAndCommandLine(await newConfig())

    expect(await etude('user', 'add', 'mina', '--password', 'correct horse')).toMatchObject({ code: 0 })
    expect(await etudeHearing('battery staple\n', 'user', 'add', 'joon', '--password')).toMatchObject({ code: 0 })
    expect((await new TestBrowser(app).signIn('mina', 'correct horse')).statusCode).toBe(200)
    expect((await new TestBrowser(app).signIn('joon', 'battery staple')).statusCode).toBe(200)

    expect(await etudeHearing('another one\n', 'user', 'password', 'joon')).toMatchObject({ code: 0 })
    expect((await new TestBrowser(app).signIn('joon', 'battery staple')).statusCode).toBe(401)
    expect((await new TestBrowser(app).signIn('joon', 'another one')).statusCode).toBe(200)
    expect(await etudeHearing('', 'user', 'password', 'joon')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'No password was given.\n',
    })
  })

  it('makes, lists and revokes keys, and prints nothing but a new key to stdout', async () => {
    const { etude, app } = await serverAndCommandLine(await newConfig())
    await etude('user', 'add', 'mina')

    const made = await etude('key', 'create', 'mina', '--name', 'ci', '--expires', '30d')
    const key = made.stdout.trim()
    expect(made).toEqual({ code: 0, stdout: `${key}\n`, stderr: expect.stringContaining('valid until') })
    expect((await app.inject({ url: '/user/me', headers: bearer(key) })).statusCode).toBe(200)

    const [listed] = JSON.parse((await etude('key', 'list', 'mina', '--json')).stdout)
    expect(listed).toMatchObject({ name: 'ci', hint: `${key.slice(0, 10)}…`, revoked_at: null })
    expect(Date.parse(listed.expires_at)).toBeGreaterThan(Date.now() + 29 * 24 * 3600 * 1000)
    expect((await etude('key', 'list', 'mina')).stdout).toMatch(/^ID .*\n\d+ +ci +etude_.* valid until /)

    expect(await etude('key', 'revoke', 'mina', String(listed.api_key_id))).toMatchObject({ code: 0 })
    expect((await app.inject({ url: '/user/me', headers: bearer(key) })).statusCode).toBe(401)
    expect((await etude('key', 'list', 'mina')).stdout).toContain('revoked')
  })

  it('prints a link that signs in once, for as long as it was told', async () => {
    const { etude, app, clock } = await serverAndCommandLine(await newConfig())
    await etude('user', 'add', 'mina')

    const { stdout } = await etude('link', 'mina')
    const [, token] = /^http:\/\/127\.0\.0\.1:4747\/sign-in#token=([\w-]{43})\n$/.exec(stdout) ?? []
    const { stdout: short } = await etude('link', 'mina', '--expires', '5m')

    expect((await new TestBrowser(app).openLink(token!)).statusCode).toBe(200)
    expect((await new TestBrowser(app).openLink(token!)).statusCode).toBe(401)
    clock.now = new Date(clock.now.getTime() + 6 * 60_000)
    expect((await new TestBrowser(app).openLink(short.split('=')[1]!.trim())).statusCode).toBe(401)
  })

  it('lists people', async () => {
    const { etude } = await serverAndCommandLine(await newConfig())
    expect((await etude('user', 'list')).stdout).toContain('nobody yet')
    await etude('user', 'add', 'mina', '--name', 'Mina')
    await etude('user', 'add', 'boss', '--admin')

    expect(JSON.parse((await etude('user', 'list', '--json')).stdout)).toEqual([
      { user_id: expect.any(Number), handle: 'boss', name: 'boss', is_admin: true, created_at: expect.any(String) },
      { user_id: expect.any(Number), handle: 'mina', name: 'Mina', is_admin: false, created_at: expect.any(String) },
    ])
    expect((await etude('user', 'list')).stdout).toMatch(/^HANDLE +NAME +ADMIN +ADDED\nboss +boss +admin +20.*\nmina /)
  })

  it('says in one sentence what is wrong, with exit code 1, and changes nothing then', async () => {
    const { etude, people } = await serverAndCommandLine(await newConfig())
    await etude('user', 'add', 'mina', '--key', 'nv-0123456789abcdef')

    for (const [args, sentence] of [
      [['user', 'add', 'mina'], /already somebody with the handle mina/],
      [['user', 'add', 'Mina'], /A handle has/],
      [['user', 'add', 'joon', '--key', 'two words'], /A key has/],
      [['user', 'add', 'joon', '--key', 'nv-0123456789abcdef'], /in use already/],
      [['user', 'add', 'joon', '--password', 'short'], /A password has 8 to 128/],
      [['key', 'create', 'joon'], /person joon was not found/],
      [['key', 'create', 'mina', '--expires', 'soon'], /Give a date/],
      [['key', 'create', 'mina', '--expires', '2020-01-01'], /cannot expire in the past/],
      [['key', 'revoke', 'mina', '999'], /api key 999 was not found/],
      [['key', 'revoke', 'mina', 'all'], /a number/],
      [['link', 'joon'], /person joon was not found/],
      [['link', 'mina', '--expires', '1y'], /length of time/],
      [['dance'], /unknown command/],
      [['user', 'add'], /missing required argument/],
    ] as const) {
      const { code, stdout, stderr } = await etude(...args)
      expect([code, stdout, stderr.trim()]).toEqual([1, '', expect.stringMatching(sentence)])
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    expect(await people.list()).toHaveLength(1)
  })

  it('finds that all is well', async () => {
    const { etude } = await serverAndCommandLine(await newConfig())
    await etude('user', 'add', 'boss', '--admin')

    const { code, stdout } = await etude('doctor')

    expect(code).toBe(0)
    expect(stdout).not.toContain('fail')
    expect(stdout).toMatch(/^ok {4}Node /m)
    expect(stdout).toMatch(/^ok {4}Database: (SQLite|PostgreSQL) \d+\.\d+.*MB/m)
    expect(stdout).toMatch(/^ok {4}All migrations have run/m)
    expect(stdout).toMatch(/^ok {4}People: 1, admins among them: 1/m)
    expect(stdout).toMatch(/^ok {4}Models: .+/m)
  })
})

describe('the doctor', () => {
  it('finds a fresh machine well, and leaves nothing on it', async () => {
    const dataFolder = join(newTestFolder(), 'data')
    const { code, stdout } = await commandLine({ ETUDE_DATA: dataFolder }).etude('doctor')

    expect([code, stdout]).toEqual([0, expect.stringContaining('will be made at the first start')])
    await expect(stat(dataFolder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('fails on a configuration with mistakes, and names them all', async () => {
    const { code, stdout } = await commandLine({ ETUDE_PORT: 'many', ETUDE_SECRET: 'short' }).etude('doctor')

    expect(code).toBe(1)
    expect(stdout).toMatch(/^fail.*mistakes/m)
    expect(stdout).toContain('ETUDE_PORT')
    expect(stdout).toContain('ETUDE_SECRET')
  })

  it('fails on a database that cannot be used', async () => {
    const dataFolder = newTestFolder()
    await writeFile(
      join(dataFolder, 'etude.sqlite'),
      'this is a letter to my grandmother, not a database. '.repeat(100),
    )
    const damaged = await commandLine({ ETUDE_DATA: dataFolder }).etude('doctor')
    const unreachable = await commandLine({
      ETUDE_DATA: newTestFolder(),
      DATABASE_URL: 'postgres://nobody:hush@127.0.0.1:1/none',
    }).etude('doctor')

    expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringMatching(/^fail .*etude\.sqlite/m)])
    expect([unreachable.code, unreachable.stdout]).toEqual([1, expect.stringMatching(/^fail .*PostgreSQL/m)])
    expect(unreachable.stdout).not.toContain('hush')
  })

  it('warns of a secret that others can read, and of providers that do not answer or refuse the key', async () => {
    const dataFolder = newTestFolder()
    await writeFile(join(dataFolder, 'secret'), 'x'.repeat(64))
    await chmod(join(dataFolder, 'secret'), 0o644)
    const vendor = createServer((request, reply) => {
      reply.statusCode = request.headers.authorization === 'Bearer right' ? 200 : 401
      reply.end('{}')
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void vendor.close())
    await once(vendor, 'listening')
    const baseUrl = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/v1`
    const file = join(dataFolder, 'etude.config.json')
    const provider = { kind: 'openai-compatible', baseUrl }
    await writeFile(
      file,
      JSON.stringify({
        providers: [
          { ...provider, name: 'good', apiKey: 'right' },
          { ...provider, name: 'locked', apiKey: 'wrong' },
          { ...provider, name: 'gone', baseUrl: 'http://127.0.0.1:1/v1' },
        ],
      }),
    )

    const { code, stdout } = await commandLine({ ETUDE_DATA: dataFolder, ETUDE_CONFIG: file }).etude('doctor')

    expect(code).toBe(0)
    expect(stdout).toMatch(/^warn {2}Others on this machine can read the secret/m)
    expect(stdout).toMatch(/^ok {4}Provider good answers/m)
    expect(stdout).toMatch(/^warn {2}Provider locked does not accept the key/m)
    expect(stdout).toMatch(/^warn {2}Provider gone cannot be reached/m)
    expect(stdout).not.toMatch(/right|wrong/)
  })
})

describe('the command line', () => {
  it('starts the server with the configuration', async () => {
    const { etude, served } = commandLine({ ETUDE_PORT: '5000', ETUDE_DATA: newTestFolder() })

    expect(await etude('serve')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(served).toMatchObject([{ port: 5000 }])
  })

  it('migrates a new database, once', async () => {
    const { etude } = commandLine({ ETUDE_DATA: newTestFolder() })

    expect((await etude('migrate')).stdout).toMatch(/^Ran 0001-start, 0002-sign-in/)
    expect(await etude('migrate')).toEqual({ code: 0, stdout: 'The database is up to date.\n', stderr: '' })
  })

  it('explains itself', async () => {
    const { stdout, code } = await commandLine({}).etude('--help')

    expect(code).toBe(0)
    for (const name of ['serve', 'user', 'key', 'link', 'migrate', 'doctor']) expect(stdout).toContain(`  ${name}`)
  })

  it('cannot use a data folder that is a file', async () => {
    const folder = newTestFolder()
    await mkdir(join(folder, 'a'))
    await writeFile(join(folder, 'a', 'file'), '')

    const { code, stderr } = await commandLine({ ETUDE_DATA: join(folder, 'a', 'file') }).etude('user', 'list')

    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

type DatabaseConfig = Awaited<ReturnType<(typeof testDatabases)[number]['newConfig']>>

async function serverAndCommandLine(config: DatabaseConfig) {
  const database = await openDatabase(config)
  onTestFinished(() => database.close())
  return { ...(await accountsForTest(database)), ...commandLine(environmentFor(config).environment) }
}

function environmentFor({ dataFolder, database }: DatabaseConfig) {
  const environment: Record<string, string> = { ETUDE_DATA: dataFolder }
  if (database.kind === 'postgres') environment.DATABASE_URL = database.url
  return { environment }
}

function commandLine(environment: Record<string, string>) {
  const served: unknown[] = []
  const etudeHearing = async (heard: string, ...args: readonly string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const program = createProgram({
      environment,
      stdin: Readable.from([heard]),
      stdout,
      stderr,
      serve: async (config) => void served.push(config),
    })
    const code = await program.run(args)
    return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
  }
  const etude = (...args: readonly string[]) => etudeHearing('', ...args)
  return { etude, etudeHearing, served }
}

function bearer(key: string) {
  return { authorization: `Bearer ${key}` }
}
