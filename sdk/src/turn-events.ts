import { createParser } from 'eventsource-parser'
import { EtudeError, errorFromReply } from './etude-error.ts'
import type { DroppedParam, ModelResult, SkillCall, TurnResult } from './wire.ts'

/** What is known of a response before its text comes. */
export type LaneStart = Pick<
  ModelResult,
  'response_id' | 'session_model_id' | 'model_name' | 'is_primary' | 'attempt' | 'revision' | 'call_ref'
>

/** One numbered thing that happened in a turn. Numbers grow and may have gaps. */
export type TurnEvent = { id: number } & (
  | {
      type: 'turn-start'
      session_id: number
      session_title: string | null
      turn_id: number
      prompt_text: string
      created_at: string
      parent_turn_id: number | null
      lanes: LaneStart[]
    }
  | ({
      type: 'response-start'
      generation_params: Record<string, unknown>
      dropped_params: DroppedParam[]
      trim: ModelResult['trim']
    } & LaneStart)
  /** `offset` counts UTF-16 code units already there. */
  | { type: 'reasoning-delta' | 'text-delta'; response_id: number; offset: number; text: string }
  /** A lane's model has asked for calls of skills, named as models know them. */
  | { type: 'skill-plan'; response_id: number; step: number; skills: string[] }
  /** A call waits for permission or begins, perhaps first one and then the other; then it has ended. */
  | { type: 'skill-call' | 'skill-result'; response_id: number; call: SkillCall }
  | { type: 'response-end'; response_id: number; result: ModelResult }
  | {
      type: 'response-error'
      response_id: number
      code: string
      message: string
      provider_message: string | null
      result: ModelResult
    }
  | { type: 'turn-end'; result: TurnResult }
)

export type ReadOptions = {
  /** Ends the reading, not the turn: it goes on at the server. */
  signal?: AbortSignal | undefined
  /** Told when the connection is lost and when events come again. */
  onConnection?: ((state: 'connected' | 'reconnecting') => void) | undefined
  /** How often in a row a lost connection is tried again before giving up; 10 unless told. */
  retries?: number | undefined
}

/** The server sends a comment every 15 s; what has been silent for longer than this is dead. */
const SILENCE_MS = 45_000
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

const EVENT_TYPES: ReadonlySet<string> = new Set([
  'turn-start',
  'response-start',
  'reasoning-delta',
  'text-delta',
  'skill-plan',
  'skill-call',
  'skill-result',
  'response-end',
  'response-error',
  'turn-end',
] satisfies TurnEvent['type'][])

/**
 * Reads a turn until its end. When the connection is lost it is made again, waiting longer each time, and goes on after
 * the last event that was read.
 *
 * @param open makes a connection: the one that starts the turn or reads it from its beginning when `turnId` is undefined.
 * @throws {EtudeError} when the server refuses, when the turn could not be started, and when it gives up.
 */
export async function* readTurn(
  open: (from: { turnId: number | undefined; lastEventId: number }, signal: AbortSignal) => Promise<Response>,
  { signal, onConnection, retries = 10, from }: ReadOptions & { from?: { turnId: number; lastEventId: number } } = {},
): AsyncGenerator<TurnEvent, void> {
  let turnId = from?.turnId
  let lastEventId = from?.lastEventId ?? 0
  let failures = 0
  for (;;) {
    const closing = new AbortController()
    const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
    try {
      const reply = await open({ turnId, lastEventId }, either)
      if (!reply.ok || !reply.body) throw await errorFromReply(reply)
      for await (const event of parseEvents(reply.body)) {
        if (failures > 0) onConnection?.('connected')
        failures = 0
        if (event.type === 'turn-start') turnId = event.turn_id
        lastEventId = Math.max(lastEventId, event.id)
        yield event
        if (event.type === 'turn-end') return
      }
      throw new EtudeError('The connection ended before the turn did.', { status: 0, code: 'connection_lost' })
    } catch (error) {
      signal?.throwIfAborted()
      if (turnId === undefined || !isWorthRetrying(error) || failures >= retries) throw error
      failures++
      onConnection?.('reconnecting')
      await sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)), signal)
    } finally {
      closing.abort()
    }
  }
}

/** The events in a reply, until it ends; ends early when the server has been silent for too long. */
async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<TurnEvent, void> {
  let arrived: TurnEvent[] = []
  let broken: EtudeError | undefined
  const parser = createParser({
    onEvent: ({ id, event = 'message', data }) => {
      const fields = JSON.parse(data)
      if (event === 'error') broken = new EtudeError(fields.message, { status: 0, code: fields.detail })
      // A newer server may tell more than we know.
      if (EVENT_TYPES.has(event)) arrived.push({ id: Number(id ?? 0), type: event, ...fields } as TurnEvent)
    },
  })
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await readOrGiveUp(reader)
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      const events = arrived
      arrived = []
      yield* events
      if (broken) throw broken
    }
  } finally {
    // Also when the caller has had enough. A connection that is already broken cannot be cancelled, which is fine.
    reader.cancel().catch(() => {})
  }
}

async function readOrGiveUp(reader: ReadableStreamDefaultReader<Uint8Array>) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    const error = new EtudeError('The server has gone silent.', { status: 0, code: 'connection_lost' })
    timer = setTimeout(() => reject(error), SILENCE_MS)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(timer)
  }
}

/** A refusal stays one however often it is asked; a broken line, a busy or a restarting server does not. */
function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof EtudeError) || error.status === 0 || error.status === 429 || error.status >= 500
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
