import { useEffect, useRef, useState } from 'react'
import {
  createCssVariablesTheme,
  createHighlighterCore,
  type GrammarState,
  type HighlighterCore,
  type ThemedToken,
} from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import { findGrammar } from './languages.ts'

const THEME = 'etude'
/** Longer code than this stays plain. */
const MAX_CHARACTERS = 60_000

let starting: Promise<HighlighterCore> | undefined

/** One highlighter for the page. Its colours are variables of the style sheet, so it knows nothing of light and dark. */
function startHighlighter(): Promise<HighlighterCore> {
  starting ??= createHighlighterCore({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: '--code-' })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
  return starting
}

/** Lines that are complete never change while more code arrives, so each is highlighted once. */
export class GrowingCode {
  readonly #highlighter: HighlighterCore
  readonly #language: string
  #done = ''
  #lines: ThemedToken[][] = []
  #state: GrammarState | undefined

  constructor(highlighter: HighlighterCore, language: string) {
    this.#highlighter = highlighter
    this.#language = language
  }

  /** The tokens of each line. Lines that were there before keep their identity. */
  highlight(code: string): ThemedToken[][] {
    if (!code.startsWith(this.#done)) this.#restart()
    const complete = code.lastIndexOf('\n') + 1
    if (complete > this.#done.length) {
      const added = this.#tokenize(code.slice(this.#done.length, complete - 1))
      this.#state = this.#highlighter.getLastGrammarState(added)
      this.#lines = [...this.#lines, ...added]
      this.#done = code.slice(0, complete)
    }
    const rest = code.slice(complete)
    return rest === '' ? this.#lines : [...this.#lines, ...this.#tokenize(rest)]
  }

  #tokenize(code: string): ThemedToken[][] {
    return this.#highlighter.codeToTokensBase(code, {
      lang: this.#language,
      theme: THEME,
      ...(this.#state && { grammarState: this.#state }),
    })
  }

  #restart(): void {
    this.#done = ''
    this.#lines = []
    this.#state = undefined
  }
}

/** The tokens of each line, or undefined while the grammar is loading and where there is none. */
export function useHighlighted(code: string, fence: string): ThemedToken[][] | undefined {
  const [growing, setGrowing] = useState<{ fence: string; code: GrowingCode }>()
  const wanted = useRef(fence)
  wanted.current = fence

  useEffect(() => {
    const grammar = findGrammar(fence)
    if (!grammar) return
    const prepare = async () => {
      const highlighter = await startHighlighter()
      await highlighter.loadLanguage(grammar.load)
      if (wanted.current === fence) setGrowing({ fence, code: new GrowingCode(highlighter, grammar.name) })
    }
    // Without its grammar the code is shown plain.
    prepare().catch(() => {})
  }, [fence])

  return growing?.fence === fence && code.length <= MAX_CHARACTERS ? growing.code.highlight(code) : undefined
}
