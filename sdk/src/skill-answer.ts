import { createParser } from 'eventsource-parser'
import { EtudeError } from './etude-error.ts'
import type { SkillCall } from './wire.ts'

/** One call of an API that was made for an answer; secrets in it are masked. */
export type SkillApiResult = {
  url: string
  requestBody: string
  responseBody: string
  apiOrder?: number
  operationId: string
  nameForHuman: string
}

/** How a call went, in the words of a session's calls. */
export type AnsweredCall = Omit<SkillCall, 'call_id' | 'step' | 'waits_until'>

/** What happens while a skillset answers. */
export type SkillAnswerEvent =
  | { type: 'planning'; selectedSkill: string[]; tokenCount: number }
  /** A step of calls has ended. */
  | { type: 'cot'; calls: AnsweredCall[]; tokenCount: number }
  | { type: 'token'; text: string }
  | { type: 'finalAnswer'; finalAnswer: string; apiResult: SkillApiResult[]; useTask: boolean; tokenCount: number }

const TYPES: readonly string[] = ['planning', 'token', 'finalAnswer']

/** Reads an answer's events to their end. @throws {EtudeError} when it is refused, or fails on the way. */
export async function* readSkillAnswer(open: () => Promise<Response>): AsyncGenerator<SkillAnswerEvent, void> {
  const reply = await open()
  if (!reply.ok || !reply.body) throw refusal(await reply.json().catch(() => undefined), reply.status)
  const ready: SkillAnswerEvent[] = []
  let failure: EtudeError | undefined
  const parser = createParser({
    onEvent({ event = '', data }) {
      if (event === 'error') failure = refusal(JSON.parse(data), reply.status)
      else if (event === 'cot') ready.push(stepOf(JSON.parse(data)))
      else if (TYPES.includes(event)) ready.push({ type: event, ...JSON.parse(data) })
    },
  })
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (value !== undefined) parser.feed(value)
      yield* ready.splice(0)
      if (failure) throw failure
      if (done) return
    }
  } finally {
    // Whoever stops reading stops the answer.
    await reader.cancel().catch(() => {})
  }
}

type WireStep = {
  apiResult: SkillApiResult[]
  calls: {
    operationId: string
    nameForHuman: string
    summary: string
    arguments: Record<string, unknown>
    outcome: 'complete' | 'failed' | 'refused'
    isSent: boolean
    method: string
    status: number | null
    latencyMs: number | null
    message: string
  }[]
  tokenCount: number
}

/** `apiResult` has only the calls that were sent, in the same order. */
function stepOf({ apiResult, calls, tokenCount }: WireStep): SkillAnswerEvent {
  const sent = apiResult[Symbol.iterator]()
  const told = calls.map((call): AnsweredCall => {
    const api: SkillApiResult | undefined = call.isSent ? sent.next().value : undefined
    return {
      skill_name: call.nameForHuman,
      operation_id: call.operationId,
      summary: call.summary,
      method: call.method,
      host: hostOf(api?.url ?? ''),
      arguments: call.arguments,
      status: call.outcome,
      url: api?.url ?? '',
      request_body: api?.requestBody ?? '',
      response_body: api?.responseBody ?? '',
      http_status: call.status,
      latency_ms: call.latencyMs,
      message: call.message,
    }
  })
  return { type: 'cot', calls: told, tokenCount }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return ''
  }
}

/** CLOVA Studio's form of an error: `{ status: { code, message } }`. */
function refusal(body: unknown, status: number): EtudeError {
  const said = (body as { status?: { code?: unknown; message?: unknown } } | undefined)?.status
  const message = typeof said?.message === 'string' ? said.message : `The server answered ${status}.`
  return new EtudeError(message, { status, code: `clova_${said?.code ?? status}` })
}
