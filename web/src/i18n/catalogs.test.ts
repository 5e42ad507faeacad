import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { ja } from './ja.ts'
import { ko } from './ko.ts'

const flatten = (node: object, path = ''): [string, string][] =>
  Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : flatten(value, `${path}${key}.`),
  )
const english = new Map(flatten(en).filter(([key]) => !key.endsWith('_one')))
const placeholders = (sentence: string) => [...sentence.matchAll(/\{\{\w+\}\}/g)].map(([name]) => name).sort()

describe.each([
  ['Korean', ko, /\p{Script=Hangul}/u],
  ['Japanese', ja, /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u],
])('the %s catalog', (_, catalog, script) => {
  const sentences = new Map(flatten(catalog))

  it('says everything that English says, and nothing else', () => {
    expect([...sentences.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fills in the same values', () => {
    for (const [key, sentence] of english)
      expect(placeholders(sentences.get(key) ?? ''), key).toEqual(placeholders(sentence))
  })

  it('is written in its own language', () => {
    const foreign = [...sentences].filter(([, sentence]) => !script.test(sentence))
    expect(foreign).toEqual([])
  })
})
