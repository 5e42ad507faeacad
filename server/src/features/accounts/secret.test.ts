import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newTestFolder } from '../../db/testing.ts'
import { loadSecret, SecretBox, ServerSecret } from './secret.ts'

describe("the server's secret", () => {
  it('is made once, for its owner only, even when several processes start at once', async () => {
    const dataFolder = join(newTestFolder(), 'data')

    const secrets = await Promise.all(Array.from({ length: 60 }, () => loadSecret({ secret: undefined, dataFolder })))

    expect(new Set(secrets.map((secret) => secret.deriveKey('a').toString('hex'))).size).toBe(1)
    expect(await readdir(dataFolder)).toEqual(['secret'])
    expect((await stat(join(dataFolder, 'secret'))).mode & 0o777).toBe(0o600)
    expect((await readFile(join(dataFolder, 'secret'), 'utf8')).length).toBeGreaterThan(43)
  })

  it('gives every purpose its own key, always the same', async () => {
    const dataFolder = newTestFolder()
    const [one, two] = [
      await loadSecret({ secret: undefined, dataFolder }),
      await loadSecret({ secret: undefined, dataFolder }),
    ]

    expect(one.deriveKey('cookies')).toEqual(two.deriveKey('cookies'))
    expect(one.deriveKey('cookies')).not.toEqual(one.deriveKey('vault'))
    expect(one.deriveKey('cookies')).toHaveLength(32)
  })

  it('is the configured one when there is one, and makes no file then', async () => {
    const dataFolder = newTestFolder()
    const secret = await loadSecret({ secret: 'configured, and long enough to be one', dataFolder })

    expect(await readdir(dataFolder)).toEqual([])
    expect(secret.deriveKey('a').toString('hex')).toBe(
      (await loadSecret({ secret: 'configured, and long enough to be one', dataFolder: '/nowhere' }))
        .deriveKey('a')
        .toString('hex'),
    )
  })

  it('is refused when somebody emptied the file', async () => {
    const dataFolder = newTestFolder()
    await writeFile(join(dataFolder, 'secret'), '\n')
    await chmod(join(dataFolder, 'secret'), 0o600)

    await expect(loadSecret({ secret: undefined, dataFolder })).rejects.toThrow(/at least 32 characters/)
  })
})

describe('sealed secrets', () => {
  const key = new ServerSecret('a secret of some length, for the test').deriveKey('test')
  const box = new SecretBox(key)

  it('open where they were sealed, and look different every time', () => {
    const sealed = box.seal('hunter2 · 비밀', 'credential 1')

    expect(box.open(sealed, 'credential 1')).toBe('hunter2 · 비밀')
    expect(box.seal('hunter2 · 비밀', 'credential 1')).not.toBe(sealed)
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('hunter2')
    expect(new SecretBox(key).open(box.seal('', 'credential 1'), 'credential 1')).toBe('')
  })

  it('do not open in another row, with another key, or when a single bit has changed', () => {
    const sealed = box.seal('hunter2', 'credential 1')
    const other = new SecretBox(new ServerSecret('a secret of some length, for the test').deriveKey('other'))
    const bytes = Buffer.from(sealed, 'base64')
    const changed = [...bytes.keys()].map((at) => {
      const copy = Buffer.from(bytes)
      copy[at] = copy[at]! ^ 1
      return copy.toString('base64')
    })

    expect(() => box.open(sealed, 'credential 2')).toThrow(/Enter it again/)
    expect(() => other.open(sealed, 'credential 1')).toThrow(/Enter it again/)
    for (const value of [...changed, '', 'AQ==', bytes.subarray(0, 20).toString('base64')])
      expect(() => box.open(value, 'credential 1')).toThrow(/Enter it again/)
  })
})
