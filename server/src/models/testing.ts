import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelConfig, ProviderConfig } from '../config.ts'
import type { LanguageModel, ModelEvent, ModelRequest } from './language-model.ts'

/** What a scripted model does next: says something, fails, waits, or never goes on. */
export type ScriptedStep = ModelEvent | Error | { waitMs: number } | { waitFor: Promise<unknown> } | 'hang'

/**
 * A model that follows a script, the same for every request or one chosen by the request.
 *
 * A script without an `end` gets one, so that `[{ type: 'text-delta', text: 'fine' }]` is a whole answer.
 */
export class ScriptedModel implements LanguageModel {
  readonly name: string
  /** Parameters that the catalog shall not let through. */
  unsupported: ModelConfig['unsupported'] = []
  /** Of its window, for the catalog. */
  contextTokens = 8192
  /** What it was asked, in order. */
  readonly requests: ModelRequest[] = []
  /** How many answers were cancelled through their signal. */
  cancelled = 0
  readonly #script: (request: ModelRequest, index: number) => readonly ScriptedStep[]

  constructor(
    name: string,
    script: readonly ScriptedStep[] | ((request: ModelRequest, index: number) => readonly ScriptedStep[]),
  ) {
    this.name = name
    this.#script = typeof script === 'function' ? script : () => script
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    this.requests.push(request)
    let hasEnded = false
    try {
      for (const step of this.#script(request, this.requests.length - 1)) {
        signal.throwIfAborted()
        if (step instanceof Error) throw step
        if (step === 'hang') await untilAborted(signal)
        else if ('waitMs' in step) await sleep(step.waitMs, undefined, { signal })
        else if ('waitFor' in step) await Promise.race([step.waitFor, untilAborted(signal)])
        else {
          hasEnded = step.type === 'end'
          yield step
        }
      }
      signal.throwIfAborted()
      if (!hasEnded) yield { type: 'end', finishReason: 'stop' }
    } catch (error) {
      if (!signal.aborted) throw error
      this.cancelled++
      throw signal.reason
    }
  }
}

/** Steps that say a text in these pieces. */
export const says = (...texts: string[]): ModelEvent[] => texts.map((text) => ({ type: 'text-delta', text }))

/** A provider as the configuration would give it, with short timeouts and no retries unless told otherwise. */
export function testProvider(overrides: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name: 'lab',
    kind: 'openai-compatible',
    headers: {},
    connectTimeoutMs: 2_000,
    idleTimeoutMs: 5_000,
    retries: 0,
    concurrency: 64,
    ...overrides,
  }
}

/** A model as the configuration would give it. */
export function testModel(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return {
    name: 'lab-small',
    provider: 'lab',
    model: 'small-1',
    modality: 'chat',
    contextTokens: 8192,
    maxOutputTokens: 1024,
    tokenizer: 'estimate',
    unsupported: [],
    capabilities: { tools: true, images: true, json: true },
    ...overrides,
  }
}

/** A request with one user message. */
export function testRequest(prompt = 'hello', overrides: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: 'user', content: prompt }], parameters: {}, ...overrides }
}

/** Everything a model says. */
export async function collect(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** The text among the events. */
export function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
