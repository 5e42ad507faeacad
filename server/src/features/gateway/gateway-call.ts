import { performance } from 'node:perf_hooks'
import type { FinishReason, ModelEvent, ModelUsage, ToolCall } from '../../models/language-model.ts'
import { ModelError } from '../../models/model-error.ts'
import { StopWords } from './stop-words.ts'

/** Tokens, and who counted them. */
export type CountedUsage = { usage: ModelUsage; source: 'provider' | 'estimate' }

/** What a model says through the gateway; there is always one `usage` before the `end`. */
export type GatewayEvent = Exclude<ModelEvent, { type: 'usage' }> | ({ type: 'usage' } & CountedUsage)

/** How a call ended. */
export type CallEnding = {
  status: 'complete' | 'stopped' | 'failed'
  finishReason: FinishReason | null
  /** What was thrown; undefined unless it failed. */
  error: unknown
  /** Undefined when nobody has counted: the provider did not tell, and the answer did not come to its end. */
  counted: CountedUsage | undefined
  said: Said
  firstTokenMs: number | null
  latencyMs: number
}

/** All that a model wrote; the text ends before the stop word that ended it. */
export type Said = { text: string; reasoning: string; toolCalls: ToolCall[] }

/** What a model wrote as one text, for counting. */
export function written({ text, reasoning, toolCalls }: Said): string {
  return reasoning + text + toolCalls.map(({ name, argumentsJson }) => name + argumentsJson).join('')
}

type Task = {
  /** Asks the model; it must obey the signal. */
  stream: (signal: AbortSignal) => AsyncIterable<ModelEvent>
  stop: readonly string[]
  /** Tokens, where the provider does not tell. */
  estimateUsage: (said: Said) => Promise<ModelUsage>
  /** Called exactly once, in whichever way the call ends. */
  onEnd: (ending: CallEnding) => void
}

const DONE: IteratorResult<GatewayEvent> = Object.freeze({ value: undefined, done: true })

/**
 * One model being asked for one request; it ends when the request's reader leaves.
 *
 * Hand-written instead of an async generator: it stands in the way of every chunk.
 */
export class GatewayCall implements AsyncIterableIterator<GatewayEvent> {
  /** The stop word at which the answer was cut here, because the provider had not done it. */
  stoppedAt: string | undefined
  readonly #task: Task
  readonly #reader: AbortSignal
  readonly #cancelling = new AbortController()
  readonly #source: AsyncIterator<ModelEvent>
  readonly #stop: StopWords | undefined
  readonly #startedAt = performance.now()
  /** What has come and has not been read. */
  #ready: GatewayEvent[] = []
  #first: Promise<IteratorResult<GatewayEvent>> | undefined
  #text = ''
  #reasoning = ''
  readonly #toolCalls: ToolCall[] = []
  #counted: CountedUsage | undefined
  #firstTokenMs: number | null = null
  #hasEnded = false
  #modelHasEnded = false

  /** Asks at once. @param reader aborts when nobody reads any more. */
  constructor(task: Task, reader: AbortSignal) {
    this.#task = task
    this.#reader = reader
    this.#stop = task.stop.length > 0 ? new StopWords(task.stop) : undefined
    this.#source = task.stream(this.#cancelling.signal)[Symbol.asyncIterator]()
    if (reader.aborted) this.#onLeft()
    else reader.addEventListener('abort', this.#onLeft, { once: true })
    this.#first = this.#pull()
    // Whoever reads it gets the error; nobody may have come to read.
    this.#first.catch(() => {})
  }

  /** Waits for the first event, but not longer than so many milliseconds. @throws what the model failed with. */
  async begun(mostMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, mostMs)
    })
    try {
      await Promise.race([this.#first, late])
    } finally {
      clearTimeout(timer)
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<GatewayEvent>> {
    const first = this.#first
    if (first === undefined) return this.#pull()
    this.#first = undefined
    return first
  }

  async return(): Promise<IteratorResult<GatewayEvent>> {
    this.#onLeft()
    return DONE
  }

  async #pull(): Promise<IteratorResult<GatewayEvent>> {
    for (;;) {
      const event = this.#ready.shift()
      if (event !== undefined) return { value: event, done: false }
      if (this.#hasEnded) {
        this.#reader.throwIfAborted()
        return DONE
      }
      try {
        const { value, done } = await this.#source.next()
        if (this.#hasEnded) continue
        if (done) throw new ModelError('protocol_error', 'The model ended without saying that it had finished.')
        const waiting = this.#take(value)
        if (waiting !== undefined) await waiting
      } catch (error) {
        if (this.#hasEnded) continue
        this.#end('failed', null, error)
        throw error
      }
    }
  }

  /** @returns a promise only where something must be waited for. */
  #take(event: ModelEvent): Promise<void> | undefined {
    switch (event.type) {
      case 'text-delta':
        this.#firstTokenMs ??= this.#elapsedMs()
        this.#text += event.text
        if (this.#stop === undefined) this.#ready.push(event)
        else return this.#takeUntilStop(this.#stop, event.text)
        return undefined
      case 'reasoning-delta':
        this.#firstTokenMs ??= this.#elapsedMs()
        this.#reasoning += event.text
        this.#ready.push(event)
        return undefined
      case 'tool-call-delta':
        this.#firstTokenMs ??= this.#elapsedMs()
        this.#noteToolCall(event)
        this.#say(this.#stop?.rest() ?? '')
        this.#ready.push(event)
        return undefined
      case 'usage':
        this.#counted = { usage: event.usage, source: 'provider' }
        return undefined
      case 'end':
        this.#modelHasEnded = true
        this.#say(this.#stop?.rest() ?? '')
        return this.#finish(event.finishReason)
    }
  }

  #takeUntilStop(stop: StopWords, piece: string): Promise<void> | undefined {
    const { text, found } = stop.take(piece)
    this.#say(text)
    if (found === undefined) return undefined
    this.stoppedAt = found
    // Ends the call, and with it the model's: what would follow costs money and is not wanted.
    return this.#finish('stop')
  }

  #say(text: string): void {
    if (text !== '') this.#ready.push({ type: 'text-delta', text })
  }

  async #finish(finishReason: FinishReason): Promise<void> {
    this.#counted ??= { usage: await this.#task.estimateUsage(this.#said()), source: 'estimate' }
    // The reader may have left meanwhile.
    if (this.#hasEnded) return
    this.#ready.push({ type: 'usage', ...this.#counted }, { type: 'end', finishReason })
    this.#end('complete', finishReason)
  }

  #noteToolCall({ index, id, name, argumentsJson }: Extract<ModelEvent, { type: 'tool-call-delta' }>): void {
    this.#toolCalls[index] ??= { id: '', name: '', argumentsJson: '' }
    const call = this.#toolCalls[index]
    call.id ||= id ?? ''
    call.name ||= name ?? ''
    call.argumentsJson += argumentsJson
  }

  #said(): Said {
    const text = this.stoppedAt === undefined ? this.#text : this.#text.slice(0, this.#text.indexOf(this.stoppedAt))
    return { text, reasoning: this.#reasoning, toolCalls: this.#toolCalls.filter(Boolean) }
  }

  readonly #onLeft = () => {
    if (this.#hasEnded) return
    this.#ready = []
    this.#end('stopped', null)
  }

  #end(status: CallEnding['status'], finishReason: FinishReason | null, error?: unknown): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#reader.removeEventListener('abort', this.#onLeft)
    // A model that did not end by itself must not go on costing money in the background.
    if (!this.#modelHasEnded) this.#cancelling.abort(this.#reader.reason ?? new Error('no longer wanted'))
    this.#source.return?.().catch(() => {})
    this.#task.onEnd({
      status,
      finishReason,
      error,
      counted: this.#counted,
      said: this.#said(),
      firstTokenMs: this.#firstTokenMs,
      latencyMs: this.#elapsedMs(),
    })
  }

  #elapsedMs(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10
  }
}
