import type { JsonObject, ToolDefinition } from '../language-model.ts'
import { fillArguments, wordsOf } from './choose-tool.ts'
import { contentWords, searchable } from './content-words.ts'
import { featuresOf } from './words.ts'

export type PlannedTool = { tool: ToolDefinition; values: JsonObject }

const MOST_TOOLS = 4

/**
 * The tools that a question needs together, each with arguments from the part of the question that fits it best.
 *
 * A tool whose required id stands nowhere in the question waits until a result holds one: it is then in the plan that is
 * made with that result. When all of them wait, a tool that may return the id comes first.
 *
 * @param known.called names of tools that were called for this question and are not called again.
 * @param known.results what earlier calls returned, as JSON.
 */
export function planCalls(
  question: string,
  tools: readonly ToolDefinition[],
  known: { called: ReadonlySet<string>; results: readonly string[] },
): PlannedTool[] {
  const found = valuesIn(known.results)
  const wanted = coveringTools(question, tools).filter((tool) => !known.called.has(tool.name))
  const ready = (candidates: readonly ToolDefinition[]) =>
    candidates.flatMap((tool) => {
      const values = argumentsFor(question, tool, found)
      return values ? [{ tool, values }] : []
    })
  const planned = ready(wanted)
  if (planned.length > 0 || wanted.length === 0 || known.called.size > 0) return planned
  // Everything waits for an id: whatever else speaks of the question may return one.
  const others = tools.filter((tool) => !wanted.includes(tool) && argumentsFor(question, tool, found))
  return ready(coveringTools(question, others).slice(0, 1))
}

/** The tools that speak of a question: the best one, then always the one that speaks of most of the rest. */
function coveringTools(question: string, tools: readonly ToolDefinition[]): ToolDefinition[] {
  let rest = contentWords(question)
  const texts = tools.map((tool) => ({ tool, text: searchable(wordsOf(tool)) }))
  const chosen: ToolDefinition[] = []
  while (chosen.length < MOST_TOOLS) {
    let best: { tool: ToolDefinition; shared: string[] } | undefined
    for (const { tool, text } of texts) {
      const shared = rest.filter((word) => text.has(word))
      if (!chosen.includes(tool) && shared.length > (best?.shared.length ?? 0)) best = { tool, shared }
    }
    if (!best) break
    const { tool, shared } = best
    chosen.push(tool)
    rest = rest.filter((word) => !shared.includes(word))
  }
  return chosen
}

/** Undefined while an id is missing. */
function argumentsFor(question: string, tool: ToolDefinition, found: FoundValue[]): JsonObject | undefined {
  const own = fillArguments(clauseFor(question, tool), tool)
  const whole = fillArguments(question, tool)
  const required = new Set(Array.isArray(tool.parameters.required) ? tool.parameters.required : [])
  const values: JsonObject = {}
  for (const name of new Set([...Object.keys(own.values), ...Object.keys(whole.values)])) {
    const stands = [own, whole].find((filled) => name in filled.values && !filled.guessed.has(name))
    // A name is no id.
    if (stands && (!isId(name) || /\d/.test(String(stands.values[name])))) values[name] = stands.values[name]
    else {
      const learned = learnedValue(name, tool, found)
      if (learned !== undefined) values[name] = learned
      else if (isId(name) && required.has(name)) return undefined
      else if (isId(name)) continue
      else values[name] = own.values[name] ?? whole.values[name]
    }
  }
  return values
}

/** The part of a question that speaks most of a tool; all of it when it cannot be parted. */
function clauseFor(question: string, tool: ToolDefinition): string {
  const clauses = question.split(BETWEEN_CLAUSES).filter((clause) => featuresOf(clause).size > 0)
  const words = featuresOf(wordsOf(tool))
  let best = { clause: question, cover: 0 }
  for (const clause of clauses.length > 1 ? clauses : []) {
    let cover = 0
    for (const [feature, weight] of featuresOf(clause)) if (words.has(feature)) cover += weight
    if (cover > best.cover) best = { clause, cover }
  }
  return best.clause
}

const BETWEEN_CLAUSES =
  /[,;.?!、。？！]+(?=\s|$|\P{ASCII})|\b(?:and|then|also|plus)\b|(?<=\p{Script=Hangul}(?:고|며))\s+|(?:그리고|및|そして|それから|また|および)/iu

type FoundValue = { key: string; parent: string; value: string | number }

const MOST_VALUES = 500

/** The plain values in results, with the names under which they stand. */
function valuesIn(results: readonly string[]): FoundValue[] {
  const found: FoundValue[] = []
  const walk = (value: unknown, key: string, parent: string): void => {
    if (found.length >= MOST_VALUES) return
    if (Array.isArray(value)) for (const item of value) walk(item, key, parent)
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) walk(inner, name, key || parent)
    else if (typeof value === 'string' || typeof value === 'number') found.push({ key, parent, value })
  }
  for (const result of results) {
    try {
      walk(JSON.parse(result), '', '')
    } catch {
      // Words hold no named values.
    }
  }
  return found
}

/** `hotelId` is what a result calls `hotelId` or `hotel_id`, or else the `id` of something. */
function learnedValue(name: string, tool: ToolDefinition, found: readonly FoundValue[]): string | number | undefined {
  const same = found.find(({ key }) => plain(key) === plain(name))
  const thing = plain(name).replace(/id$/, '')
  const related = same ?? (isId(name) ? found.find(({ key, parent }) => isIdOf(key, parent, thing)) : undefined)
  const fallback = related ?? (isId(name) ? found.find(({ key }) => plain(key) === 'id') : undefined)
  const value = fallback?.value
  return value === undefined ? undefined : inKind(value, tool, name)
}

function isIdOf(key: string, parent: string, thing: string): boolean {
  return plain(key) === 'id' && thing !== '' && plain(parent).startsWith(thing)
}

function inKind(value: string | number, tool: ToolDefinition, name: string): string | number {
  const { properties } = tool.parameters as { properties?: Record<string, { type?: unknown }> }
  const type = properties?.[name]?.type
  if (type === 'string') return String(value)
  return (type === 'integer' || type === 'number') && Number.isFinite(Number(value)) ? Number(value) : value
}

function isId(name: string): boolean {
  return /(^|[_-])id$|Id$|ID$/.test(name)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '')
}
