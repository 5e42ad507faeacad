import { describe, expect, it } from 'vitest'
import { type Json, parseExactJson } from '../weave/exact-json.ts'
import { pythonJson } from '../weave/python-json.ts'
import { bytesDigest, tableDigest, valueDigest } from './digest.ts'

describe('digests', () => {
  it.each([
    [
      '[{"id":1,"value":2},{"id":2,"value":3},{"id":3,"value":4}]',
      '03b86e8588d298a1814945664597d94281cb0dbca3b4ff8b0fcff30a6305d33e',
      [
        'mriP98RC2VPGkzk0QeZZ2hq4pUA8fQnhNlsivPxyYYA',
        'DT31YGNzrm7UClL9NXjXYHGXBhYZJsh4Ct9jjBWY74s',
        '1dMFHVoxulzjLOSTzDQMrTQ5ckPCI3aF2487OjvmxJI',
      ],
    ],
    [
      '[{"a":1,"b":2},{"a":3,"b":4},{"a":5,"b":6}]',
      'd2e5de0d792d9f5636b67ab5c8baf8a7749b4703e89c625303b32405e0b17e77',
      ['2El9nYJ3CnBykmEJWqmPfvUVTXr0mfgDe2yiUClnhaY'],
    ],
  ])('of tables are those of the hosted server: %s', (rows, table, first) => {
    const digests = (parseExactJson(rows) as Json[]).map(valueDigest)
    expect(digests.slice(0, first.length)).toEqual(first)
    expect(tableDigest(digests)).toBe(table)
  })

  it.each([
    ['6Moqwj0Ocp0Jx7FfEN8VcmmDDcu4l2K53xleNntSB34', 'uPPlRCCga9tsuTZwve2Z2gswUYhhX15gb2XS8il0z4s'],
    ['8mDwaUAcA5C6TEdTHf5mjX2kAz6gAXKCmQnDiITXBHY', '0NsakCX9GJYyeu65LdlWVO8azws33f39CeKNpidMc50'],
    ['DsZ569GIUUuzvv3fnSnJprV5HvnpMGQtHuluMlNu2dc', 'JlZ8e9uewWsbOiMpUSopvdzZnZZTadb46dsjw3ZeIXc'],
  ])('of ops are those of the hosted server: %s', (file, digest) => {
    const op = {
      _type: 'CustomWeaveType',
      weave_type: { type: 'Op' },
      files: { 'obj.py': file },
      load_op: 'NO_LOAD_OP',
    }
    expect(valueDigest(op)).toBe(digest)
  })

  it('of files are those of the hosted server', () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, index) => index % 256)
    expect(bytesDigest(bytes)).toBe('eFsHUfwsU9wUpM49gA5p75zhAJ6zJ8z0WKYgnCQsJsk')
  })

  // The second of each is what CPython 3.11 prints, the third the digest that it computes.
  it.each([
    [
      '{"b":1.0,"a":[1e3,1e16,1e15,123456789012345680.0,0.0001,0.00001,1.5e-7,-0.0,-0,0.1,5e-324,1.7976931348623157e308]}',
      '{"a": [1000.0, 1e+16, 1000000000000000.0, 1.2345678901234568e+17, 0.0001, 1e-05, 1.5e-07, -0.0, 0, 0.1, 5e-324, 1.7976931348623157e+308], "b": 1.0}',
      'TUYa45H91laZiRip44VGY1OuXzzN2pSQNNABygnXJ7M',
    ],
    [
      '{"n":12345678901234567890,"m":-9007199254740993,"z":100000000000000000000000}',
      '{"m": -9007199254740993, "n": 12345678901234567890, "z": 100000000000000000000000}',
      'QCTfYJDl67X9OcUgvNSbBpauGmHMUJnAzXVvxXNuGRw',
    ],
    [
      '{"t":"a\\u0000b\\ud800c\\u007f\\u2028 한국 \\ud83d\\ude42/\\b\\f\\n\\r\\t\\"\\\\"}',
      '{"t": "a\\u0000b\\ud800c\\u007f\\u2028 \\ud55c\\uad6d \\ud83d\\ude42/\\b\\f\\n\\r\\t\\"\\\\"}',
      'qO42cbYN62Il5Y0LxZ15Kr48lNiEZTF5NCwNPCLqwcA',
    ],
    [
      '{"\\uffee":1,"\\ud83d\\ude42":2,"z":3,"Z":4,"10":5,"9":6,"__proto__":7,"":8}',
      '{"": 8, "10": 5, "9": 6, "Z": 4, "__proto__": 7, "z": 3, "\\uffee": 1, "\\ud83d\\ude42": 2}',
      'GMrai9K54thWIzgelw54GQc4KnRKq6L40SkHm60aSDw',
    ],
    [
      '[true,false,null,[],{},[[ ]]," "]',
      '[true, false, null, [], {}, [[]], " "]',
      'zIiPAmz9wk4tr7dzYoMh4gwpiY00byPKfXsD8WlXy9o',
    ],
    ['{"a":1,"a":2}', '{"a": 2}', '5anVsDAOD1DTcuWp3fokIIqsmpQM6aNvJHOHIhriBf4'],
  ])('are those of Python: %s', (text, python, digest) => {
    const value = parseExactJson(text)
    expect(pythonJson(value, { sortKeys: true })).toBe(python)
    expect(valueDigest(value)).toBe(digest)
  })
})
