import { csvLine, disarmFormula } from '../../http/csv.ts'
import type { Response, Trim } from '../../runs/turn.ts'
import type { WholeSession } from './session-service.ts'

/** A session for reading: every turn with the answers of all lanes, one after another. */
export function toMarkdown({ session, turns, responses }: WholeSession): string {
  const parts = [`# ${oneLine(session.title)}`, `*${session.createdAt}*`]
  if (session.notes) parts.push(session.notes)
  turns.forEach((turn, index) => {
    parts.push(`## ${index + 1}`, quote(turn.promptText))
    for (const response of responses.filter((one) => one.turnId === turn.turnId)) {
      parts.push(`### ${oneLine(response.modelName)}${response.attempt > 1 ? ` (${response.attempt})` : ''}`)
      const { trim } = response
      if (trim) parts.push(`*${leftOut(trim)}*`)
      if (trim?.summary?.text) parts.push(quote(trim.summary.text))
      if (response.text) parts.push(response.text)
      if (response.error) parts.push(`> **${response.error.code}**: ${oneLine(response.error.message)}`)
      parts.push(`*${figures(response)}*`)
    }
  })
  return `${parts.join('\n\n')}\n`
}

const COLUMNS = [
  'turn_id',
  'parent_turn_id',
  'prompt_text',
  'response_id',
  'session_model_id',
  'model_name',
  'attempt',
  'status',
  'response_text',
  'error_code',
  'prompt_tokens',
  'completion_tokens',
  'cost',
  'first_token_ms',
  'latency_ms',
  'revision',
  'turns_left_out',
  'summary_model',
  'summary_turns',
  'summary_text',
  'created_at',
] as const

/** One line for each answer, for spreadsheets: what looks like a formula is disarmed with an apostrophe. */
export function toCsv({ turns, responses }: WholeSession): string {
  const byId = new Map(turns.map((turn) => [turn.turnId, turn]))
  const lines = responses.map((response) => {
    const turn = byId.get(response.turnId)
    const values: Record<(typeof COLUMNS)[number], unknown> = {
      turn_id: response.turnId,
      parent_turn_id: turn?.parentTurnId,
      prompt_text: turn?.promptText,
      response_id: response.responseId,
      session_model_id: response.laneId,
      model_name: response.modelName,
      attempt: response.attempt,
      status: response.status,
      response_text: response.text,
      error_code: response.error?.code,
      prompt_tokens: response.usage?.promptTokens,
      completion_tokens: response.usage?.completionTokens,
      cost: response.cost,
      first_token_ms: response.firstTokenMs,
      latency_ms: response.latencyMs,
      revision: response.revision,
      turns_left_out: response.trim?.turns_left_out,
      summary_model: response.trim?.summary?.model,
      summary_turns: response.trim?.summary?.turns,
      summary_text: response.trim?.summary?.text,
      created_at: response.createdAt,
    }
    return csvLine(COLUMNS.map((column) => disarmFormula(String(values[column] ?? ''))))
  })
  return [csvLine(COLUMNS), ...lines].join('')
}

function leftOut({ turns_left_out: turns, summary }: Trim): string {
  const left = `${turns} earlier ${turns === 1 ? 'turn' : 'turns'} left out`
  if (!summary) return left
  if (summary.error) return `${left} · no summary of them: ${oneLine(summary.error.message)}`
  return `${left} · a summary of ${summary.turns} by ${summary.model} was sent in their place:`
}

function figures({ status, usage, firstTokenMs, latencyMs, cost }: Response): string {
  const facts = [
    status,
    usage && `${usage.promptTokens} + ${usage.completionTokens} tokens`,
    firstTokenMs !== null && `first token ${Math.round(firstTokenMs)} ms`,
    latencyMs !== null && `total ${Math.round(latencyMs)} ms`,
    cost !== null && `$${cost}`,
  ]
  return facts.filter(Boolean).join(' · ')
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
