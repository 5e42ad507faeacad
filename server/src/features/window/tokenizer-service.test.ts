import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ESTIMATE } from './estimate.ts'
import { smallTokenizerJson } from './testing.ts'
import { TokenizerService } from './tokenizer-service.ts'

describe('the tokenizers', () => {
  let dataFolder: string
  let warnings: string[]
  let now: number
  let tokenizers: TokenizerService

  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'etude-tokenizers-'))
    warnings = []
    now = 0
    tokenizers = new TokenizerService({ dataFolder, warn: (message) => warnings.push(message), now: () => now })
  })
  afterEach(() => rmSync(dataFolder, { recursive: true }))

  const write = (path: string, content: unknown) => {
    const file = join(dataFolder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }

  it('are built in by the name of their encoding, and the estimate by its own', async () => {
    expect(await tokenizers.load('estimate')).toBe(ESTIMATE)
    expect(await tokenizers.load('r50k_base')).toMatchObject({ name: 'r50k_base', isEstimate: false })
  })

  it('are loaded once', async () => {
    const [first, second] = await Promise.all([tokenizers.load('r50k_base'), tokenizers.load('r50k_base')])
    expect(second).toBe(first)
    expect(await tokenizers.loadOrEstimate('r50k_base')).toBe(first)
  })

  it.each([
    ['tokenizers/small.json', 'small'],
    ['tokenizers/small/tokenizer.json', 'small'],
    ['tokenizers/lab/Small-1.5/tokenizer.json', 'lab/Small-1.5'],
    ['tokenizers/한국어 모델.json', '한국어 모델'],
  ])('are read from %s', async (path, name) => {
    write(path, smallTokenizerJson())
    const tokenizer = await tokenizers.load(name)
    expect(tokenizer).toMatchObject({ name, isEstimate: false })
    expect(tokenizer.count('Hello world')).toBe(2)
    expect(tokenizer.count('Hello the world')).toBe(3)
    expect(tokenizer.count('안')).toBe(1)
    expect(tokenizer.count('녕')).toBe(3)
    expect(tokenizer.count('')).toBe(0)
  })

  it('count special tokens as the text they are', async () => {
    write('tokenizers/small.json', smallTokenizerJson())
    const tokenizer = await tokenizers.load('small')
    expect(tokenizer.count('<|im_end|>')).toBe(10)
  })

  it('from a file take any text and a million characters without a break', async () => {
    write('tokenizers/small.json', smallTokenizerJson())
    const tokenizer = await tokenizers.load('small')
    for (const text of ['\ud83d', '\u0000', '👨‍👩‍👧‍👦']) expect(tokenizer.count(text)).toBeGreaterThanOrEqual(1)
    expect(tokenizer.count('Hello'.repeat(200_000))).toBeGreaterThanOrEqual(200_000)
    expect(tokenizer.count('Hello'.repeat(200_000))).toBeLessThan(202_000)
  })

  it('may leave out the parts of the file that they do not use', async () => {
    const { model, pre_tokenizer } = smallTokenizerJson()
    write('tokenizers/bare.json', { model, pre_tokenizer })
    expect((await tokenizers.load('bare')).count('Hello world')).toBe(2)
  })

  it.each([
    '../secret',
    '..',
    '.',
    '',
    '/etc/passwd',
    'a/../../secret',
    'a\\..\\secret',
    '.hidden',
    'a/.hidden',
    'a\0',
    'a/',
  ])('refuse the name %j, even when there is such a file', async (name) => {
    write('secret.json', smallTokenizerJson())
    write('secret/tokenizer.json', smallTokenizerJson())
    write('tokenizer.json', smallTokenizerJson())
    write('tokenizers/.hidden.json', smallTokenizerJson())
    write('tokenizers/a/.hidden.json', smallTokenizerJson())
    write('tokenizers/tokenizer.json', smallTokenizerJson())
    await expect(tokenizers.load(name)).rejects.toMatchObject({ code: 'tokenizer_unavailable' })
  })

  it.each([
    ['cut off', '{"version":"1.0","model":{"type":"BPE"'],
    ['not an object', '[1, 2]'],
    ['something else', '{"name":"not a tokenizer"}'],
    ['without a vocabulary', { ...smallTokenizerJson(), model: { type: 'BPE' } }],
    ['of an unknown kind', { ...smallTokenizerJson(), model: { type: 'Magic' } }],
    ['unable to count anything', { ...smallTokenizerJson(), model: { type: 'BPE', vocab: { zzz: 0 }, merges: [] } }],
  ])('name the file that is %s', async (_what, content) => {
    write('tokenizers/broken.json', content)
    await expect(tokenizers.load('broken')).rejects.toMatchObject({
      code: 'tokenizer_unavailable',
      message: expect.stringContaining('tokenizers/broken.json'),
    })
  })

  it('say where they have looked for a file', async () => {
    await expect(tokenizers.load('missing')).rejects.toThrow(
      'neither tokenizers/missing.json nor tokenizers/missing/tokenizer.json',
    )
  })

  it('give way to the estimate, warn once, and are tried again after a minute', async () => {
    write('tokenizers/broken.json', '{')
    expect(await tokenizers.loadOrEstimate('broken')).toBe(ESTIMATE)
    expect(await tokenizers.loadOrEstimate('broken')).toBe(ESTIMATE)
    expect(warnings).toEqual([expect.stringContaining('tokenizers/broken.json')])

    write('tokenizers/broken.json', smallTokenizerJson())
    expect(await tokenizers.loadOrEstimate('broken')).toBe(ESTIMATE)
    now = 60_000
    expect(await tokenizers.loadOrEstimate('broken')).toMatchObject({ name: 'broken', isEstimate: false })
  })
})
