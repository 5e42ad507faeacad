import { createHash } from 'node:crypto'
import type { JsonObject, ToolDefinition } from '../../../models/language-model.ts'
import type { HttpCall, Operation, Parameter, SkillContent } from '../skill.ts'
import { argumentNames } from './argument-names.ts'
import { boundSchema } from './bound-schema.ts'

/** What all providers accept as the name of a tool. */
const MAX_NAME_CHARACTERS = 64
const MAX_DESCRIPTION_CHARACTERS = 1024
/** Of one tool's whole schema as JSON: with ten skills of ten operations a model's window still has room. */
const MAX_SCHEMA_CHARACTERS = 12_000

/**
 * An operation as a tool that a model can call: `<skill>__<operation>` with a JSON schema of all its arguments.
 *
 * Names that providers would not take are made fit, with a hash at the end so that they stay different.
 */
export function toolOf(skill: Pick<SkillContent, 'nameForModel'>, operation: Operation): ToolDefinition {
  const { call } = operation
  return {
    name: toolName(skill.nameForModel, operation.operationId),
    description: describe(operation),
    parameters: boundSchema(call.kind === 'mcp' ? call.inputSchema : httpSchema(call), MAX_SCHEMA_CHARACTERS),
  }
}

function toolName(skill: string, operationId: string): string {
  const whole = `${skill}__${operationId}`
  const fit = whole.replace(/[^\w-]+/g, '_')
  if (fit === whole && whole.length <= MAX_NAME_CHARACTERS) return whole
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  return `${fit.slice(0, MAX_NAME_CHARACTERS - hash.length - 1)}_${hash}`
}

function describe({ summary, description, call, operationId }: Operation): string {
  const said = [...new Set([summary, description].map((text) => text.trim()))].filter((text) => text !== '').join('\n')
  const fallback = call.kind === 'http' ? `${call.method} ${call.path}` : operationId
  return cut(said === '' ? fallback : said, MAX_DESCRIPTION_CHARACTERS)
}

type Described = Pick<Parameter, 'schema' | 'description' | 'isRequired'>

function httpSchema(call: HttpCall): JsonObject {
  const names = argumentNames(call)
  const parts: [string, Described][] = [...names.parameters]
  if (names.body !== null && call.body) parts.push([names.body, call.body])
  const properties = Object.fromEntries(
    parts.map(([name, { schema, description }]) => [name, description === '' ? schema : { ...schema, description }]),
  )
  const required = parts.filter(([, { isRequired }]) => isRequired).map(([name]) => name)
  return { type: 'object', properties, required, additionalProperties: false }
}

function cut(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1).trimEnd()}…`
}
