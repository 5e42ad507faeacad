import { createCssVariablesTheme, createHighlighterCore } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import { describe, expect, it } from 'vitest'
import { GrowingCode } from './highlight.ts'
import { findGrammar } from './languages.ts'

const PYTHON = `def greet(name: str) -> str:
    """Says hello,
    on two lines."""
    return f"hello {name}"  # politely
`

async function python(): Promise<GrowingCode> {
  const highlighter = await createHighlighterCore({
    themes: [createCssVariablesTheme({ name: 'etude', variablePrefix: '--code-' })],
    langs: [() => import('shiki/langs/python.mjs')],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
  return new GrowingCode(highlighter, 'python')
}
type Lines = ReturnType<GrowingCode['highlight']>
const look = (lines: Lines) => lines.map((line) => line.map(({ content, color }) => [content, color]))
const textOf = (lines: Lines) => lines.map((line) => line.map(({ content }) => content).join('')).join('\n')

describe('highlighting code that grows', () => {
  it('ends as if all of it had been there at once, also inside a string of several lines', async () => {
    const growing = await python()
    for (let length = 1; length < PYTHON.length; length += 3) growing.highlight(PYTHON.slice(0, length))
    expect(look(growing.highlight(PYTHON))).toEqual(look((await python()).highlight(PYTHON)))
  })

  it('loses not a character on the way', async () => {
    const growing = await python()
    for (let length = 1; length <= PYTHON.length; length++) {
      const code = PYTHON.slice(0, length)
      expect(textOf(growing.highlight(code))).toBe(code.replace(/\n$/, ''))
    }
  })

  it('keeps the lines that are complete', async () => {
    const growing = await python()
    const [first] = growing.highlight(PYTHON.slice(0, 40))
    expect(growing.highlight(PYTHON)[0]).toBe(first)
  })

  it('begins again when the code is another one', async () => {
    const growing = await python()
    growing.highlight(PYTHON)
    expect(textOf(growing.highlight('x = 1\ny = 2'))).toBe('x = 1\ny = 2')
  })
})

it('knows languages by the names that people write', () => {
  expect(findGrammar('py')?.name).toBe('python')
  expect(findGrammar('C++')?.name).toBe('cpp')
  expect(findGrammar('sh')?.name).toBe('bash')
  expect(findGrammar('constructor')).toBeUndefined()
  expect(findGrammar('')).toBeUndefined()
})
