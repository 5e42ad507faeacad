import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine, decodeUtf8, disarmFormula, parseCsv, restoreFormula } from './csv.ts'

const valuesOf = (text: string) => parseCsv(text).map(({ values }) => values)

describe('parseCsv', () => {
  it.each([
    ['', []],
    ['\r\n\n\n', []],
    ['a', [['a']]],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\rc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['a,', [['a', '']]],
    ['"a, ""b""",c', [['a, "b"', 'c']]],
    ['"",""', [['', '']]],
  ])('reads %j', (text, values) => {
    expect(valuesOf(text)).toEqual(values)
  })

  it('knows on which line of the file a record begins', () => {
    expect(parseCsv('a\n\n"b\r\nb"\nc').map(({ line }) => line)).toEqual([1, 3, 5])
  })

  it.each(['"a', 'x\n"a\nb', 'a"b', '"a"b'])('refuses %j and names the line', (text) => {
    expect(() => parseCsv(text)).toThrow(/^Line [12]: a quote/)
  })

  it('reads values of very many quotes', () => {
    expect(valuesOf(`a,"${'""'.repeat(4_000_000)}"`)[0]?.[1]).toHaveLength(4_000_000)
  })

  it('gives back every value that was written', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '한') })
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 4 })), fc.boolean(), (rows, isLastEnded) => {
        const lines = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
        expect(valuesOf(lines.join('\r\n') + (isLastEnded && rows.length > 0 ? '\r\n' : ''))).toEqual(rows)
      }),
    )
  })
})

describe('csvLine', () => {
  it('quotes what needs it, so that every value is read back exactly', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', "'", '=', '-', '한') })
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 4 }), (values) => {
        const line = csvLine(values.map(disarmFormula))
        expect(valuesOf(line).map((read) => read.map(restoreFormula))).toEqual([values])
      }),
    )
    expect(csvLine(['a', 'b "c"', 'd\ne'])).toBe('a,"b ""c""","d\ne"\r\n')
  })

  it.each(['=1+1', '+1', '-1', '@A1', '\t=1', "'=1", "''=1", '＝1'])('lets no spreadsheet run %j', (text) => {
    expect(disarmFormula(text)).toBe(`'${text}`)
    expect(restoreFormula(disarmFormula(text))).toBe(text)
  })

  it('leaves other texts with an apostrophe alone', () => {
    for (const text of ["'twas", "'", '', "it's -1"]) {
      expect(disarmFormula(text)).toBe(text)
      expect(restoreFormula(text)).toBe(text)
    }
  })
})

describe('decodeUtf8', () => {
  it('takes the byte order mark away and refuses what is not UTF-8', () => {
    expect(decodeUtf8(Buffer.from('\uFEFFhandle'))).toBe('handle')
    expect(() => decodeUtf8(Buffer.from([0xb0, 0xa1, 0x2c]))).toThrow('not UTF-8')
  })
})
