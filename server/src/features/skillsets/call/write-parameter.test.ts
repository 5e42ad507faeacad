import { describe, expect, it } from 'vitest'
import type { Parameter } from '../skill.ts'
import { encodeKeepingReserved, encodeStrictly } from './percent-encode.ts'
import { writeParameter } from './write-parameter.ts'

const blue = 'blue'
const colors = ['blue', 'black', 'brown']
const rgb = { R: 100, G: 200, B: 150 }

/** The table of OpenAPI 3.1 §4.8.12.4 ("Style Examples"), where it defines something; delimiters percent-encoded. */
const TABLE: [
  style: Parameter['style'],
  explode: boolean,
  empty: string,
  text: string,
  list: string,
  object: string,
][] = [
  ['matrix', false, ';color', ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
  ['matrix', true, ';color', ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ['label', false, '.', '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
  ['label', true, '.', '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
  ['form', false, 'color=', 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
  ['form', true, 'color=', 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
  ['simple', false, '', 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['simple', true, '', 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
  ['spaceDelimited', false, 'color=', 'color=blue', 'color=blue%20black%20brown', 'color=R%20100%20G%20200%20B%20150'],
  ['pipeDelimited', false, 'color=', 'color=blue', 'color=blue%7Cblack%7Cbrown', 'color=R%7C100%7CG%7C200%7CB%7C150'],
]

describe('writing a parameter', () => {
  it.each(TABLE)('in style %s with explode %s', (style, explode, empty, text, list, object) => {
    const write = (value: unknown) => writeParameter({ name: 'color', style, explode }, value, encodeStrictly)

    expect([write(''), write(blue), write(colors), write(rgb)]).toEqual([empty, text, list, object])
    expect([write(undefined), write([]), write({})]).toEqual([undefined, undefined, undefined])
  })

  it('in style deepObject', () => {
    const write = (value: unknown) =>
      writeParameter({ name: 'color', style: 'deepObject', explode: true }, value, encodeStrictly)

    expect(write(rgb)).toBe('color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150')
    expect(write({ a: { b: [1, 2] }, c: null })).toBe('color%5Ba%5D%5Bb%5D=1&color%5Ba%5D%5Bb%5D=2')
    expect(write({})).toBeUndefined()
  })

  it('encodes delimiters that are part of a value, names and all, in every style', () => {
    const write = (style: Parameter['style'], value: unknown) =>
      writeParameter({ name: 'a&b', style, explode: false }, value, encodeStrictly)

    expect(write('form', ['a,b', 'c=d&e', '서울 "1"'])).toBe('a%26b=a%2Cb,c%3Dd%26e,%EC%84%9C%EC%9A%B8%20%221%22')
    expect(write('simple', "!'()*/;")).toBe('%21%27%28%29%2A%2F%3B')
    expect(write('pipeDelimited', ['a|b', 'c'])).toBe('a%26b=a%7Cb%7Cc')
    expect(write('form', '\ud800')).toBe('a%26b=%EF%BF%BD')
  })

  it('keeps reserved characters where they are allowed, except those that would end the value', () => {
    expect(encodeKeepingReserved("a/b?c=d:e@f!$'()*,;")).toBe("a/b?c=d:e@f!$'()*,;")
    expect(encodeKeepingReserved('a&b#c[d]e+f g%h')).toBe('a%26b%23c%5Bd%5De%2Bf%20g%25h')
    expect(encodeKeepingReserved('한%ED%95%9C')).toBe('%ED%95%9C%ED%95%9C')
  })

  it('writes what is inside lists and has no style as JSON', () => {
    expect(
      writeParameter({ name: 'q', style: 'form', explode: true }, [{ a: 1 }, [2], null, true], (text) => text),
    ).toBe('q={"a":1}&q=[2]&q=&q=true')
  })
})
