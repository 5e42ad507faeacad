import { sql } from 'kysely'
import type { JsonSql } from '../../../db/json-sql.ts'
import { Float, type Json, printJson } from '../exact-json.ts'
import { storeJson, storeText } from '../stored-json.ts'
import { invalidRequest } from '../weave-error.ts'
import type { Condition } from './field.ts'
import { type Field, type FieldResolver, resolveField } from './field.ts'
import type { ConvertTo, Operand, Operation } from './query.ts'
import { toStoredTime } from './time.ts'

/** More than this is more than one statement can hold. */
const MAX_OPERANDS = 20_000

type Sql = ReturnType<typeof sql<unknown>>

/** Something that can be compared. A literal's type is that of what it is compared with. */
type Value = { within?: (condition: Condition) => Condition } & (
  | { type: 'text' | 'number' | 'bool'; sql: Sql }
  | { type: 'time'; sql: Sql }
  | { type: 'condition'; sql: Condition }
  | { type: 'json'; field: Extract<Field, { kind: 'json' }> }
  | { type: 'list'; field: Extract<Field, { kind: 'list' }> }
  | { type: 'literal'; value: Json }
)

const SIGNS = { eq: '=', gt: '>', lt: '<', gte: '>=', lte: '<=' } as const
const NOTHING: Sql = sql`cast(null as text)`

/**
 * A query as a condition for either engine, with the same answers on both (weave.md §1.8):
 *
 * - Comparing with null is unknown, and so is its negation: both leave the row out.
 * - A value of JSON is compared as the literal's type: with a number as a number, with a truth value as one (the texts
 *   `true` and `false` too), else as text. What cannot be converted is null.
 * - Text is compared by code points.
 *
 * @throws {WeaveError} `Empty AND operation`, `Unknown field: …`, and for more operands than a statement can hold.
 */
export function compileQuery(operation: Operation, deps: { resolve: FieldResolver; json: JsonSql }): Condition {
  return new Compiler(deps).condition(operation)
}

class Compiler {
  readonly #resolve: FieldResolver
  readonly #json: JsonSql
  #operands = 0

  constructor(deps: { resolve: FieldResolver; json: JsonSql }) {
    this.#resolve = deps.resolve
    this.#json = deps.json
  }

  condition(operand: Operand): Condition {
    if (++this.#operands > MAX_OPERANDS) throw invalidRequest(`The query has more than ${MAX_OPERANDS} operands`)
    switch (operand.op) {
      case 'and':
      case 'or': {
        if (operand.operands.length === 0) throw invalidRequest(`Empty ${operand.op.toUpperCase()} operation`)
        return balanced(
          operand.operands.map((one) => this.condition(one)),
          operand.op,
        )
      }
      case 'not':
        return sql`(not ${this.condition(operand.operand)})`
      case 'eq':
      case 'gt':
      case 'lt':
      case 'gte':
      case 'lte':
        return this.#compare(operand.op, this.#value(operand.left), this.#value(operand.right))
      case 'in': {
        const left = this.#value(operand.left)
        const list = operand.list.map((one) => this.#value(one))
        return list.length === 0 ? sql`(1 = 0)` : this.#isAmong(left, list)
      }
      case 'contains':
        return this.#contains(this.#value(operand.input), this.#value(operand.part), operand.isCaseInsensitive)
      default: {
        const value = this.#value(operand)
        return within(sql`(${this.#toBool(value)} <> 0)`, value)
      }
    }
  }

  #value(operand: Operand): Value {
    if (++this.#operands > MAX_OPERANDS) throw invalidRequest(`The query has more than ${MAX_OPERANDS} operands`)
    switch (operand.op) {
      case 'literal':
        return { type: 'literal', value: operand.value }
      case 'field':
        return fromField(resolveField(this.#resolve, operand.field))
      case 'convert':
        return this.#convert(this.#value(operand.input), operand.to)
      case 'size': {
        const value = this.#value(operand.input)
        const input = value.type === 'json' || value.type === 'list' ? value.field : undefined
        const size = input
          ? this.#json.sizeAt(input.document, input.kind === 'json' ? input.path : [])
          : sql`length(${this.#toText(value)})`
        return { ...keepWithin(value), type: 'number', sql: sql`${size}` }
      }
      default:
        return { type: 'condition', sql: this.condition(operand) }
    }
  }

  #convert(value: Value, to: ConvertTo): Value {
    const kept = keepWithin(value)
    switch (to) {
      case 'string':
        return { ...kept, type: 'text', sql: this.#toText(value) }
      case 'double':
        return { ...kept, type: 'number', sql: this.#toNumber(value) }
      case 'int':
        return { ...kept, type: 'number', sql: sql`${this.#json.toInteger(this.#toNumber(value))}` }
      case 'bool':
        return { ...kept, type: 'bool', sql: this.#toBool(value) }
      case 'exists':
        return { ...kept, type: 'condition', sql: this.#exists(value) }
    }
  }

  #exists(value: Value): Condition {
    switch (value.type) {
      case 'json':
        return sql`${this.#json.existsAt(value.field.document, value.field.path)}`
      case 'list':
        return sql`(${value.field.document} is not null)`
      case 'literal':
        return value.value === null ? sql`(1 = 0)` : sql`(1 = 1)`
      default:
        return sql`(${value.sql} is not null)`
    }
  }

  #compare(sign: keyof typeof SIGNS, left: Value, right: Value): Condition {
    const type = commonType(left, right)
    const [a, b] = [this.#as(type, left), this.#as(type, right)]
    const isOrdered = type === 'text' && sign !== 'eq'
    const [first, second] = isOrdered ? [this.#json.byCodePoint(a), this.#json.byCodePoint(b)] : [a, b]
    return within(within(sql`(${first} ${sql.raw(SIGNS[sign])} ${second})`, left), right)
  }

  /** All literals of one type in one `in`; the rest is compared one by one. */
  #isAmong(left: Value, list: readonly Value[]): Condition {
    const groups = new Map<string, Value[]>()
    const conditions: Condition[] = []
    for (const item of list) {
      if (item.type !== 'literal' || item.value === null) conditions.push(this.#compare('eq', left, item))
      else {
        const type = commonType(left, item)
        groups.set(type, [...(groups.get(type) ?? []), item])
      }
    }
    for (const [type, items] of groups) {
      const values = items.map((item) => this.#as(type as CommonType, item))
      conditions.push(within(sql`(${this.#as(type as CommonType, left)} in (${sql.join(values)}))`, left))
    }
    return balanced(conditions, 'or')
  }

  #contains(input: Value, part: Value, isCaseInsensitive: boolean): Condition {
    const text = this.#toText(part)
    const condition =
      input.type === 'list'
        ? this.#json.listHolds(input.field.document, text, isCaseInsensitive)
        : this.#json.contains(this.#toText(input), text, isCaseInsensitive)
    return within(within(sql`${condition}`, input), part)
  }

  #as(type: CommonType, value: Value): Sql {
    switch (type) {
      case 'bool':
        return this.#toBool(value)
      case 'number':
        return this.#toNumber(value)
      case 'time':
        return value.type === 'literal' ? timeLiteral(value.value) : this.#toText(value)
      case 'text':
        return this.#toText(value)
    }
  }

  #toText(value: Value): Sql {
    switch (value.type) {
      case 'text':
      case 'time':
        return value.sql
      case 'number':
        return sql`cast(${value.sql} as text)`
      case 'bool':
      case 'condition':
        return sql`case ${this.#toBool(value)} when 1 then 'true' when 0 then 'false' end`
      case 'json':
        return sql`${this.#json.textAt(value.field.document, value.field.path)}`
      case 'list':
        return sql`${value.field.document}`
      case 'literal':
        return textLiteral(value.value)
    }
  }

  #toNumber(value: Value): Sql {
    switch (value.type) {
      case 'number':
        return value.sql
      case 'bool':
      case 'condition':
        return this.#toBool(value)
      case 'literal': {
        const given = value.value instanceof Float ? value.value.value : value.value
        if (typeof given === 'number' || typeof given === 'bigint') return sql`${this.#json.numberLiteral(given)}`
        if (typeof given === 'boolean') return sql`${sql.lit(given ? 1 : 0)}`
        return sql`${this.#json.toNumber(textLiteral(given))}`
      }
      default:
        return sql`${this.#json.toNumber(this.#toText(value))}`
    }
  }

  #toBool(value: Value): Sql {
    switch (value.type) {
      case 'bool':
      case 'number':
        return value.sql
      case 'condition':
        return sql`cast(${value.sql} as integer)`
      case 'literal':
        if (typeof value.value === 'boolean') return sql`${sql.lit(value.value ? 1 : 0)}`
        if (typeof value.value === 'string') return boolOf(textLiteral(value.value))
        return this.#toNumber(value)
      default:
        return boolOf(this.#toText(value))
    }
  }
}

type CommonType = 'bool' | 'number' | 'time' | 'text'

/** What two values are compared as: the literal decides, or the column. */
function commonType(left: Value, right: Value): CommonType {
  const types = [typeOf(left), typeOf(right)]
  if (types.includes('bool')) return 'bool'
  if (types.includes('time')) return 'time'
  if (types.includes('number')) return 'number'
  return 'text'
}

function typeOf(value: Value): CommonType {
  switch (value.type) {
    case 'literal':
      if (typeof value.value === 'boolean') return 'bool'
      return typeof value.value === 'number' || typeof value.value === 'bigint' || value.value instanceof Float
        ? 'number'
        : 'text'
    case 'condition':
      return 'bool'
    case 'json':
    case 'list':
      return 'text'
    default:
      return value.type
  }
}

function fromField(field: Field): Value {
  const kept = field.within ? { within: field.within } : {}
  switch (field.kind) {
    case 'json':
      return { ...kept, type: 'json', field }
    case 'list':
      return { ...kept, type: 'list', field }
    default:
      return { ...kept, type: field.kind, sql: sql`${field.column}` }
  }
}

function textLiteral(value: Json): Sql {
  if (value === null) return NOTHING
  if (typeof value === 'string') return sql`cast(${storeText(value)} as text)`
  return sql`cast(${typeof value === 'object' ? storeJson(value) : printJson(value)} as text)`
}

function timeLiteral(value: Json): Sql {
  const given = value instanceof Float ? value.value : value
  const time = typeof given === 'string' || typeof given === 'number' ? toStoredTime(given) : undefined
  return time === undefined ? textLiteral(value) : sql`cast(${time} as text)`
}

function boolOf(text: Sql): Sql {
  return sql`case ${text} when 'true' then 1 when 'false' then 0 end`
}

function within(condition: Condition, { within: place }: Value): Condition {
  return place ? place(condition) : condition
}

function keepWithin({ within: place }: Value): { within?: (condition: Condition) => Condition } {
  return place ? { within: place } : {}
}

/** A tree of little depth: both engines limit how deep conditions may be nested, and read `a or b or c` as nested. */
function balanced(conditions: readonly Condition[], operator: 'and' | 'or'): Condition {
  const [only] = conditions
  if (only && conditions.length === 1) return only
  const middle = Math.ceil(conditions.length / 2)
  const [left, right] = [balanced(conditions.slice(0, middle), operator), balanced(conditions.slice(middle), operator)]
  return sql`(${left} ${sql.raw(operator)} ${right})`
}
