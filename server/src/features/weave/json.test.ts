import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { JsonSyntaxError, parseExactJson, printFloat, printJson } from './exact-json.ts'
import { pythonJson } from './python-json.ts'
import { restoreJson, restoreJsonText, restoreText, storeJson, storeText } from './stored-json.ts'

describe('exact JSON', () => {
  it.each([
    '{"a":1.0,"b":[9007199254740993,-0.0,1e+22,-12345678901234567890]}',
    '1.0',
    '123456789012345678901234567890',
    '{"__proto__":{"polluted":1.0}}',
    '{"quote\\"[1.0]":"5.0, [1e5]","é":"\\ud800 \\u0000"}',
    '[0.1,1e-7,1.5e+300,5e-324]',
  ])('prints %s as it was', (text) => {
    expect(printJson(parseExactJson(text))).toBe(text)
  })

  it('takes what Python takes, and prints what JSON can hold', () => {
    expect(printJson(parseExactJson(' {"a": NaN, "b": [Infinity, -Infinity, 1e999, -0]} '))).toBe(
      '{"a":null,"b":[null,null,null,0]}',
    )
  })

  it.each([
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['{"a"', 4],
    ['"open', 0],
    ['["\\x"]', 1],
    ['', 0],
    ['[1.0]x', 5],
    ['[1.]', 2],
  ])('says where %s is no JSON', (text, position) => {
    expect(() => parseExactJson(text)).toThrow(JsonSyntaxError)
    expect(thrownBy(() => parseExactJson(text))).toMatchObject({ position })
  })

  it('agrees with JSON.parse on everything that JSON.parse does not change', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.boolean(), (value, spaced) => {
        const text = JSON.stringify(value, null, spaced ? 1 : 0)
        expect(JSON.parse(printJson(parseExactJson(text)))).toEqual(JSON.parse(text))
      }),
    )
  })

  it.each([
    [1, '1.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e16, '1e+16'],
    [123456789012345.6, '123456789012345.6'],
    [1e15, '1000000000000000.0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-1.5e-7, '-1.5e-07'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
  ])('prints the float %d as Python does', (value, printed) => {
    expect(printFloat(value)).toBe(printed)
  })
})

describe('Python’s JSON', () => {
  it.each([
    ['{"id": 1, "value": 2}', 'mriP98RC2VPGkzk0QeZZ2hq4pUA8fQnhNlsivPxyYYA'],
    ['{"value": 3, "id": 2}', 'DT31YGNzrm7UClL9NXjXYHGXBhYZJsh4Ct9jjBWY74s'],
    ['{"a": 1, "b": 2}', '2El9nYJ3CnBykmEJWqmPfvUVTXr0mfgDe2yiUClnhaY'],
  ])('of %s has the digest that Weave has', (text, digest) => {
    const printed = pythonJson(parseExactJson(text), { sortKeys: true })
    const hash = createHash('sha256').update(printed).digest('base64url').replaceAll('-', 'X').replaceAll('_', 'Y')
    expect(hash).toBe(digest)
  })

  it('escapes all but ASCII, keeps floats and large integers, and sorts by code point', () => {
    const value = parseExactJson(
      '{"\\ud83d\\ude00": 1.0, "\\uffee": [9007199254740993, 1e22], "a": "é\\u007f\\n\\u0000\\u001f"}',
    )
    expect(pythonJson(value, { sortKeys: true })).toBe(
      '{"a": "\\u00e9\\u007f\\n\\u0000\\u001f", "\\uffee": [9007199254740993, 1e+22], "\\ud83d\\ude00": 1.0}',
    )
  })
})

describe.each(testDatabases)('stored JSON on $name', ({ open }) => {
  it('comes back as it was, whatever is in it', async () => {
    const { db } = await open()
    const kept = async (stored: string) => {
      const { rows } = await sql<{ stored: string }>`select cast(${stored} as text) as stored`.execute(db)
      return rows[0]?.stored ?? ''
    }
    const hostile =
      '{"NUL \\u0000":"\\u0000","half":"\\udc00 \\ud800","\ue000":"\ue0000000","big":9007199254740993,"one":1.0}'
    const stored = await kept(storeJson(parseExactJson(hostile)))
    expect(printJson(restoreJsonText(stored))).toBe(hostile.replaceAll('\ue000', '\\ue000'))
    expect(printJson(restoreJson(stored))).toBe(hostile)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect(restoreText(await kept(storeText(text)))).toBe(text)
      }),
      { numRuns: 30 },
    )
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
