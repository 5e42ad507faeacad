/** JSON as a client wrote it: nothing of its numbers is lost, see docs/decisions/2026-11-25-weave-json-is-exact-text.md. */
export type Json = string | number | bigint | boolean | null | Float | JsonText | Json[] | { [key: string]: Json }

/**
 * A number that was written as a float and is a whole one, such as `1.0` or `1e22`: Python tells it from the integer.
 *
 * Other floats are plain numbers, integers beyond 2^53 are `bigint`.
 */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  valueOf(): number {
    return this.value
  }

  /** JSON.stringify would lose what this is for; {@link printJson} does not. */
  toJSON(): never {
    throw NOT_PLAIN
  }
}

/** JSON that is printed already, to be put into a reply as it is. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): never {
    throw NOT_PLAIN
  }
}

/** The text is not JSON; `position` counts UTF-16 units from 0. */
export class JsonSyntaxError extends Error {
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

/** Made once: it is no failure, and collecting a stack costs more than printing a row. */
const NOT_PLAIN = new Error('JSON.stringify cannot print this')

/**
 * Parses JSON without losing anything of its numbers. As in Python `NaN` and `Infinity` are taken too; they become null,
 * because no reply could hold them.
 *
 * @throws {JsonSyntaxError}
 */
export function parseExactJson(text: string): Json {
  // What JSON.parse would change looks like this; inside a string it only costs time.
  if (/^\s*["[{]/.test(text) && !INEXACT.test(text)) {
    try {
      return JSON.parse(text)
    } catch {
      // Parsed again below, which takes what Python takes and knows where an error is.
    }
  }
  return new Parser(text).parse()
}

const INEXACT =
  /[[:,]\s*(?:-0|-?(?:\d{16,}(?:\.\d+)?|\d+\.(?:0+|0{9,}\d+|9{9,}\d*)|\d+(?:\.\d+)?[eE][+-]?\d+))\s*[,\]}]/

/** Prints compact JSON, numbers exactly as they were. */
export function printJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    if (error !== NOT_PLAIN && !(error instanceof TypeError)) throw error
    return printExactly(value, JSON.stringify)
  }
}

/** Like {@link printJson}, with every string printed by a given function. */
export function printExactly(value: unknown, printString: (text: string) => string): string {
  switch (typeof value) {
    case 'string':
      return printString(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (value instanceof Float) return printFloat(value.value)
  if (value instanceof JsonText) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => printExactly(item, printString)).join(',')}]`
  const members: string[] = []
  for (const [key, item] of Object.entries(value))
    if (item !== undefined) members.push(`${printString(key)}:${printExactly(item, printString)}`)
  return `{${members.join(',')}}`
}

/** As Python's `repr` prints a float: shortest digits, always a point or an exponent. */
export function printFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const [digits = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 16) {
    const plain = plainDecimal(digits, exponent)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function plainDecimal(digits: string, exponent: number): string {
  const sign = digits.startsWith('-') ? '-' : ''
  const bare = digits.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${bare}`
  const whole = bare.padEnd(exponent + 1, '0')
  const fraction = whole.slice(exponent + 1)
  return `${sign}${whole.slice(0, exponent + 1)}${fraction && `.${fraction}`}`
}

/** More digits than Python reads into an integer. */
const MAX_INTEGER_DIGITS = 4300
/** So that parsing cannot use up the stack; a request may hold less, see {@link checkDepth}. */
const MAX_PARSER_DEPTH = 2000
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const BLANK = /[ \t\n\r]*/y
const CONSTANTS: [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', null],
  ['Infinity', null],
  ['-Infinity', null],
]

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Json {
    this.#skipBlanks()
    const value = this.#value(0)
    this.#skipBlanks()
    if (this.#at < this.#text.length) this.#fail('Extra data')
    return value
  }

  #value(depth: number): Json {
    if (depth > MAX_PARSER_DEPTH) this.#fail('Too deep')
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
    }
    for (const [word, value] of CONSTANTS)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    return this.#number()
  }

  #object(depth: number): Json {
    const object: { [key: string]: Json } = {}
    this.#at++
    this.#skipBlanks()
    if (this.#take('}')) return object
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#fail('Expecting property name enclosed in double quotes')
      const key = this.#string()
      this.#skipBlanks()
      if (!this.#take(':')) this.#fail("Expecting ':' delimiter")
      this.#skipBlanks()
      const value = this.#value(depth + 1)
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true })
      else object[key] = value
      this.#skipBlanks()
      if (this.#take('}')) return object
      if (!this.#take(',')) this.#fail("Expecting ',' delimiter")
      this.#skipBlanks()
    }
  }

  #array(depth: number): Json[] {
    const array: Json[] = []
    this.#at++
    this.#skipBlanks()
    if (this.#take(']')) return array
    for (;;) {
      array.push(this.#value(depth + 1))
      this.#skipBlanks()
      if (this.#take(']')) return array
      if (!this.#take(',')) this.#fail("Expecting ',' delimiter")
      this.#skipBlanks()
    }
  }

  #string(): string {
    const start = this.#at
    let end = start
    do {
      end = this.#text.indexOf('"', end + 1)
      if (end < 0) this.#fail('Unterminated string', start)
    } while (isEscaped(this.#text, end))
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1))
    } catch {
      return this.#fail('Invalid character or escape in a string', start)
    }
  }

  #number(): Json {
    const start = this.#at
    const literal = this.#match(NUMBER)
    if (!literal) this.#fail('Expecting value')
    const [text, fraction, exponent] = literal
    const value = Number(text)
    if (fraction !== undefined || exponent !== undefined) {
      if (!Number.isFinite(value)) return null
      return Number.isInteger(value) ? new Float(value) : value
    }
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
    if (text.length > MAX_INTEGER_DIGITS) this.#fail('Number has too many digits', start)
    return BigInt(text)
  }

  #skipBlanks(): void {
    this.#match(BLANK)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match
  }

  #fail(message: string, position = this.#at): never {
    throw new JsonSyntaxError(message, position)
  }
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, position: number): boolean {
  let first = position
  while (text[first - 1] === '\\') first--
  return (position - first) % 2 === 1
}
