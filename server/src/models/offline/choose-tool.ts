import type { JsonObject, ModelRequest, ToolDefinition } from '../language-model.ts'
import { featuresOf } from './words.ts'

export type ChosenTool = { tool: ToolDefinition; argumentsJson: string }

/** Least part of a question that a tool's words must cover. */
const LEAST_COVER = 0.15

/**
 * The tool whose name and description fit the question best, with arguments taken from the question.
 *
 * Undefined when none fits and none is required. A tool that has been called for this question is not called again.
 */
export function chooseTool(
  question: string,
  tools: readonly ToolDefinition[],
  choice: ModelRequest['toolChoice'],
  called: ReadonlySet<string>,
): ChosenTool | undefined {
  if (choice === 'none') return undefined
  const mustCall = (choice === 'required' || typeof choice === 'object') && called.size === 0
  const candidates = tools.filter(
    (tool) => !called.has(tool.name) && (typeof choice !== 'object' || tool.name === choice.name),
  )
  const asked = featuresOf(question)
  const weight = [...asked.values()].reduce((sum, value) => sum + value, 0)
  let best: { tool: ToolDefinition; cover: number } | undefined
  for (const tool of candidates) {
    const words = featuresOf(wordsOf(tool))
    let cover = 0
    for (const [feature, value] of asked) if (words.has(feature)) cover += value / weight
    if (!best || cover > best.cover) best = { tool, cover }
  }
  if (!best || (best.cover < LEAST_COVER && !mustCall)) return undefined
  return { tool: best.tool, argumentsJson: JSON.stringify(fillArguments(question, best.tool).values) }
}

/** Name, description and the parameters' descriptions, with compound names taken apart. */
export function wordsOf(tool: ToolDefinition): string {
  const properties = Object.entries(propertiesOf(tool.parameters))
  const described = properties.map(
    ([name, schema]) => `${apart(name)} ${schema.description ?? ''} ${enumOf(schema).join(' ')}`,
  )
  return [apart(tool.name), tool.description ?? '', ...described].join('\n')
}

/** Arguments from the words of a question; `guessed` names those that must be given and for which nothing stood there. */
export function fillArguments(question: string, tool: ToolDefinition): { values: JsonObject; guessed: Set<string> } {
  const required = new Set(Array.isArray(tool.parameters.required) ? tool.parameters.required : [])
  const values: JsonObject = {}
  const guessed = new Set<string>()
  const source = new QuestionValues(question, tool)
  for (const [name, schema] of Object.entries(propertiesOf(tool.parameters))) {
    const value = source.valueFor(name, schema) ?? schema.default
    if (value !== undefined) values[name] = value
    else if (required.has(name)) {
      values[name] = source.lastResort(schema)
      guessed.add(name)
    }
  }
  return { values, guessed }
}

/** Hands out the values that stand in a question, each once. */
class QuestionValues {
  readonly #question: string
  readonly #numbers: string[]
  readonly #quoted: string[]
  readonly #names: string[]
  readonly #subject: string

  constructor(given: string, tool: ToolDefinition) {
    const asked = given.slice(0, MOST_CHARACTERS)
    const question = asked.replace(WORDS_OF_TIME, ' ')
    this.#question = asked
    this.#quoted = [...question.matchAll(/"([^"]+)"|“([^”]+)”|‘([^’]+)’|「([^」]+)」|『([^』]+)』/gu)].map(
      (found) => found.slice(1).find(Boolean) ?? '',
    )
    this.#numbers = question.match(/(?<![\p{Script=Latin}\d])[-+]?\d+(?:\.\d+)?/gu) ?? []
    // "in Seoul", "서울의", "東京の": what stands after a preposition or before a particle.
    this.#names = [
      ...[
        ...question.matchAll(
          /\b(?:in|at|for|of|to|from|about|near|on|with)\s+((?:[A-Z][\p{L}'-]*)(?:\s+[A-Z][\p{L}'-]*)*)/gu,
        ),
      ].map((found) => found[1] ?? ''),
      ...[
        ...question.matchAll(
          /([\p{Script=Hangul}A-Za-z0-9]{2,}?)(?:에서|에게|까지|부터|의|은|는|이|가|을|를|에|로)(?=\s|$)/gu,
        ),
      ].map((found) => found[1] ?? ''),
      ...[
        ...question.matchAll(
          /([\p{Script=Han}\p{Script=Katakana}ーA-Za-z0-9]{1,})(?:の|は|が|を|で|に|へ|から|まで)/gu,
        ),
      ].map((found) => found[1] ?? ''),
      ...(question.match(/(?<=\s)[A-Z][\p{L}'-]+(?:\s+[A-Z][\p{L}'-]+)*/gu) ?? []),
    ].filter((name, index, all) => all.indexOf(name) === index)
    const known = featuresOf(wordsOf(tool))
    const words = question
      .split(/[\s?!.,。、？！]+/u)
      .filter((word) => [...featuresOf(word).keys()].some((feature) => !known.has(feature)))
    this.#subject = words.join(' ') || question
  }

  valueFor(name: string, schema: Schema): unknown {
    const allowed = enumOf(schema)
    if (allowed.length > 0)
      return allowed.find((value) => this.#question.toLowerCase().includes(String(value).toLowerCase()))
    switch (typeOf(schema)) {
      case 'integer': {
        const number = this.#numbers.shift()
        return number === undefined ? undefined : Math.round(Number(number))
      }
      case 'number': {
        const number = this.#numbers.shift()
        return number === undefined ? undefined : Number(number)
      }
      case 'boolean': {
        const words = featuresOf(apart(name))
        return [...featuresOf(this.#question).keys()].some((word) => words.has(word)) || undefined
      }
      case 'array': {
        const one = this.valueFor(name, isSchema(schema.items) ? schema.items : { type: 'string' })
        return one === undefined ? undefined : [one]
      }
      case 'string':
        return this.#textFor(name, schema)
      case 'object':
        return this.#objectFor(schema)
      default:
        return undefined
    }
  }

  /** Any value of the right kind, for what must be given. */
  lastResort(schema: Schema): unknown {
    const allowed = enumOf(schema)
    if (allowed.length > 0) return allowed[0]
    switch (typeOf(schema)) {
      case 'integer':
      case 'number':
        return typeof schema.minimum === 'number' ? schema.minimum : 0
      case 'boolean':
        return false
      case 'array':
        return []
      case 'object':
        return {}
      default:
        return this.#subject
    }
  }

  /** Of a body, what stands in the question. */
  #objectFor(schema: Schema): JsonObject | undefined {
    const filled = Object.entries(propertiesOf(schema as JsonObject)).flatMap(([name, inner]) => {
      const value = typeOf(inner) === 'object' ? undefined : this.valueFor(name, inner)
      return value === undefined ? [] : [[name, value] as const]
    })
    return filled.length > 0 ? Object.fromEntries(filled) : undefined
  }

  #textFor(name: string, schema: Schema): string | undefined {
    const format = `${schema.format ?? ''} ${name}`.toLowerCase()
    if (/date|day/.test(format)) return /\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?/.exec(this.#question)?.[0]
    if (/email/.test(format)) return /[\w.+-]+@[\w-]+\.[\w.-]+/.exec(this.#question)?.[0]
    if (/ur[il]/.test(format)) return /https?:\/\/\S+/.exec(this.#question)?.[0]
    if (/query|question|prompt|text|message|search|keyword/.test(format)) return this.#quoted.shift() ?? this.#question
    return (
      this.#quoted.shift() ?? this.#names.shift() ?? (/(^|_)id$|id$/i.test(name) ? this.#numbers.shift() : undefined)
    )
  }
}

/** Of a question in which values are looked for; what is longer is a text, not a question. */
const MOST_CHARACTERS = 2_000

/** They stand before names without being part of them. */
const WORDS_OF_TIME =
  /明後日|明日|今日|昨日|今週|来週|今夜|모레|내일|오늘|어제|이번\s?주|다음\s?주|\b(?:today|tomorrow|yesterday|tonight)\b/giu

type Schema = {
  type?: unknown
  enum?: unknown
  default?: unknown
  description?: unknown
  format?: unknown
  items?: unknown
  minimum?: unknown
}

function propertiesOf(parameters: JsonObject): Record<string, Schema> {
  const { properties } = parameters
  if (!isSchema(properties)) return {}
  return Object.fromEntries(Object.entries(properties).filter((entry): entry is [string, Schema] => isSchema(entry[1])))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function enumOf(schema: Schema): unknown[] {
  return Array.isArray(schema.enum) ? schema.enum : []
}

function typeOf(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type
  return typeof type === 'string' ? type : 'string'
}

/** `getUserOrders` and `get_user_orders` as words. */
function apart(name: string): string {
  return name.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').replace(/[_\-.]+/g, ' ')
}
