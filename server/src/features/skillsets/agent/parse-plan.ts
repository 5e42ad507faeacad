import type { JsonObject } from '../../../models/language-model.ts'

/** A call in a plan, as a model has written it. */
export type PlanEntry = { name: string; arguments: JsonObject }

/** What a plan looks like where a model can be held to a format. */
export function planSchema(names: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: {
      calls: {
        type: 'array',
        items: {
          type: 'object',
          properties: { operation: { type: 'string', enum: [...names] }, arguments: { type: 'object' } },
          required: ['operation', 'arguments'],
        },
      },
    },
    required: ['calls'],
  }
}

/**
 * Finds a plan in what a model has written: bare JSON, in a code block, or between sentences, in the forms that models
 * know from elsewhere.
 *
 * @returns undefined when there is none; an empty list is a plan to call nothing.
 */
export function parsePlan(text: string): PlanEntry[] | undefined {
  for (const candidate of candidatesIn(text)) {
    const plan = readPlan(candidate)
    if (plan) return plan
  }
  return undefined
}

function* candidatesIn(text: string): Generator<unknown> {
  yield parse(text)
  for (const [, block] of text.matchAll(/```[\w-]*\s*\n?([\s\S]*?)```/g)) yield parse(block ?? '')
  // From each opening bracket outside of what was already tried, to its own closing one.
  for (let at = nextBracket(text, 0); at >= 0; at = nextBracket(text, at)) {
    const end = endOfValue(text, at)
    if (end > at) yield parse(text.slice(at, end))
    at = end > at ? end : at + 1
  }
}

function nextBracket(text: string, from: number): number {
  const found = /[{[]/g
  found.lastIndex = from
  return found.exec(text)?.index ?? -1
}

/** Where the value that begins here ends; -1 when it does not. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let isInString = false
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (isInString) {
      if (character === '\\') at++
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return -1
}

const LISTS = ['calls', 'steps', 'plan', 'tool_calls', 'toolCalls', 'actions']
const NAMES = ['operation', 'operationId', 'operation_id', 'name', 'tool', 'tool_name', 'function', 'action']
const ARGUMENTS = ['arguments', 'args', 'parameters', 'params', 'input', 'action_input']

function readPlan(value: unknown): PlanEntry[] | undefined {
  if (Array.isArray(value)) {
    const entries = value.map(readEntry)
    return entries.every((entry) => entry !== undefined) ? entries : undefined
  }
  if (!isObject(value)) return undefined
  for (const name of LISTS) if (Array.isArray(value[name])) return readPlan(value[name])
  const entry = readEntry(value)
  return entry && [entry]
}

function readEntry(value: unknown): PlanEntry | undefined {
  if (!isObject(value)) return undefined
  if (isObject(value.function)) return readEntry(value.function)
  const name = NAMES.map((key) => value[key]).find((one): one is string => typeof one === 'string' && one !== '')
  if (name === undefined) return undefined
  const given = ARGUMENTS.map((key) => value[key]).find((one) => one !== undefined && one !== null)
  const parsed = typeof given === 'string' ? parse(given) : given
  return { name, arguments: isObject(parsed) ? parsed : {} }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim())
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
