/** A field that a GraphQL request asks for, with its arguments and the fields inside it. */
export type GraphqlField = {
  name: string
  /** What it is called in the reply. */
  alias: string
  arguments: { [name: string]: unknown }
  fields: GraphqlField[]
}

/** The document is no GraphQL, or more of it than is understood here. */
export class GraphqlSyntaxError extends Error {}

const TOKEN =
  /[\s,\ufeff]+|#[^\n\r]*|([A-Za-z_]\w*|\$[A-Za-z_]\w*|\.\.\.|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\n]|\\.)*"|[!(){}[\]:=@|&])/y
const NAME = /^[A-Za-z_]/
const MAX_TOKENS = 5_000
const MAX_DEPTH = 20

/**
 * Reads the one operation of a document: fields, aliases, arguments and variables. Fragments and directives, which the
 * Weave SDKs do not use, are not understood.
 *
 * @throws {GraphqlSyntaxError} saying what is wrong.
 */
export function parseGraphql(document: string, variables: { [name: string]: unknown }): GraphqlField[] {
  return new Parser(tokensOf(document), variables).operation()
}

function tokensOf(document: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < document.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(document)
    if (!match) throw new GraphqlSyntaxError(`Syntax Error: Unexpected character at ${at}.`)
    if (match[1] !== undefined) tokens.push(match[1])
    if (tokens.length > MAX_TOKENS) throw new GraphqlSyntaxError('Syntax Error: The document is too long.')
  }
  return tokens
}

class Parser {
  readonly #tokens: readonly string[]
  readonly #variables: { [name: string]: unknown }
  #at = 0

  constructor(tokens: readonly string[], variables: { [name: string]: unknown }) {
    this.#tokens = tokens
    this.#variables = variables
  }

  operation(): GraphqlField[] {
    if (this.#peek() === 'query' || this.#peek() === 'mutation') {
      this.#at++
      if (NAME.test(this.#peek())) this.#at++
      if (this.#peek() === '(') this.#skipDefinitions()
    }
    const fields = this.#selection(0)
    if (this.#at < this.#tokens.length) throw this.#unexpected()
    return fields
  }

  /** Which variables there are; what they are is in the request. */
  #skipDefinitions(): void {
    while (this.#next() !== ')');
  }

  #selection(depth: number): GraphqlField[] {
    if (depth > MAX_DEPTH) throw new GraphqlSyntaxError('Syntax Error: Fields are nested too deeply.')
    this.#take('{')
    const fields: GraphqlField[] = []
    while (this.#peek() !== '}') fields.push(this.#field(depth))
    this.#take('}')
    return fields
  }

  #field(depth: number): GraphqlField {
    const first = this.#name()
    let name = first
    if (this.#peek() === ':') {
      this.#at++
      name = this.#name()
    }
    return {
      name,
      alias: first,
      arguments: this.#peek() === '(' ? this.#members('(', ')', depth) : {},
      fields: this.#peek() === '{' ? this.#selection(depth + 1) : [],
    }
  }

  #members(open: string, close: string, depth: number): { [name: string]: unknown } {
    this.#take(open)
    const members: { [name: string]: unknown } = Object.create(null)
    while (this.#peek() !== close) {
      const name = this.#name()
      this.#take(':')
      members[name] = this.#value(depth + 1)
    }
    this.#take(close)
    return members
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new GraphqlSyntaxError('Syntax Error: Values are nested too deeply.')
    const token = this.#peek()
    if (token === '{') return this.#members('{', '}', depth)
    if (token === '[') return this.#list(depth)
    this.#at++
    if (token.startsWith('$'))
      return Object.hasOwn(this.#variables, token.slice(1)) ? this.#variables[token.slice(1)] : null
    if (token === 'null') return null
    if (NAME.test(token)) return token
    try {
      return JSON.parse(token)
    } catch {
      this.#at--
      throw this.#unexpected()
    }
  }

  #list(depth: number): unknown[] {
    this.#take('[')
    const items: unknown[] = []
    while (this.#peek() !== ']') items.push(this.#value(depth + 1))
    this.#take(']')
    return items
  }

  #name(): string {
    const token = this.#next()
    if (NAME.test(token)) return token
    this.#at--
    throw this.#unexpected()
  }

  #take(token: string): void {
    if (this.#next() === token) return
    this.#at--
    throw this.#unexpected()
  }

  #next(): string {
    const token = this.#peek()
    this.#at++
    return token
  }

  #peek(): string {
    const token = this.#tokens[this.#at]
    if (token === undefined && this.#at > this.#tokens.length) throw this.#unexpected()
    return token ?? END
  }

  #unexpected(): GraphqlSyntaxError {
    const token = this.#tokens[this.#at]
    return new GraphqlSyntaxError(
      `Syntax Error: Unexpected ${token === undefined ? 'end of the document' : JSON.stringify(token)}.`,
    )
  }
}

/** Stands for the end of the document: no token is empty. */
const END = ''
