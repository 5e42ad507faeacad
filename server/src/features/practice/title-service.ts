import type { Logger } from 'pino'
import type { LanguageModel } from '../../models/language-model.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { PracticeStore } from './store.ts'

const TITLE_CHARACTERS = 60
const EXCERPT_CHARACTERS = 2_000
const TIMEOUT_MS = 30_000

/** Gives sessions a better title than their prompt's first line, written by a model that the administrator chose. */
export class TitleService {
  readonly #store: PracticeStore
  readonly #runs: RunService
  readonly #findModel: () => LanguageModel | undefined
  readonly #log: Pick<Logger, 'warn'>
  readonly #now: () => Date

  constructor(deps: {
    store: PracticeStore
    runs: RunService
    /** The model that writes titles; undefined when titles stay as they are. */
    findModel: () => LanguageModel | undefined
    log: Pick<Logger, 'warn'>
    now: () => Date
  }) {
    this.#store = deps.store
    this.#runs = deps.runs
    this.#findModel = deps.findModel
    this.#log = deps.log
    this.#now = deps.now
  }

  /** Waits for the first turn of a session to end and names the session after it. Never throws, never overwrites a person's title. */
  async nameAfter(turn: TurnKey): Promise<void> {
    try {
      const model = this.#findModel()
      if (!model) return
      await this.#runs.waitForEnd(turn)
      const found = await this.#runs.find(turn)
      const answer =
        found?.responses.find((one) => one.isPrimary && one.text) ?? found?.responses.find((one) => one.text)
      if (!found || !answer) return
      const title = await writeTitle(model, found.turn.promptText, answer.text)
      if (title) await this.#store.setWrittenTitle(turn.sessionId, title, this.#now().toISOString())
    } catch (error) {
      this.#log.warn({ err: error, sessionId: turn.sessionId }, 'a session got no better title')
    }
  }
}

async function writeTitle(model: LanguageModel, prompt: string, answer: string): Promise<string> {
  const request = {
    messages: [
      {
        role: 'system' as const,
        content: `Write a title for this conversation: one line, at most ${TITLE_CHARACTERS} characters, in the language of the question, without quotes or a full stop. Answer with nothing else.`,
      },
      {
        role: 'user' as const,
        content: `Question:\n${prompt.slice(0, EXCERPT_CHARACTERS)}\n\nAnswer:\n${answer.slice(0, EXCERPT_CHARACTERS)}`,
      },
    ],
    parameters: { temperature: 0.2, maxOutputTokens: 512 },
  }
  let text = ''
  for await (const event of model.stream(request, AbortSignal.timeout(TIMEOUT_MS))) {
    if (event.type === 'text-delta') text += event.text
  }
  const line = text.split('\n').find((one) => one.trim() !== '') ?? ''
  return line
    .replace(/^["'“”「『#*\s]+|["'“”」』*.。\s]+$/g, '')
    .replaceAll('\0', '')
    .slice(0, TITLE_CHARACTERS)
    .toWellFormed()
}
