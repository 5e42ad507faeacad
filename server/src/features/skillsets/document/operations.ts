import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonObject } from '../../../models/language-model.ts'
import type { HttpMethod, Operation, Parameter, SecurityScheme } from '../skill.ts'
import type { Dialect } from './dialect.ts'
import { child, childObject, childrenOf, isObject, type Node, textOf } from './node.ts'
import { newOperationIds } from './operation-ids.ts'
import { parameterNodes, readParameter } from './parameters.ts'
import { DocumentError, type Problems } from './problem.ts'
import { References } from './references.ts'
import { readRequestBody, swaggerBody } from './request-bodies.ts'
import { readHint } from './response-hint.ts'
import { Schemas } from './schemas.ts'
import { isSignIn, readSecurity, readSecuritySchemes } from './security.ts'
import { serverOf, swaggerServerOf } from './servers.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const
/** RFC 9110 §9.2.1: what only asks. Everything else may change something, so a person allows it unless the author says no. */
const SAFE = new Set<string>(['get', 'head', 'options', 'trace'])
const MAX_OPERATIONS = 2_000
/** Other requests get their turn after so long. */
const SLICE_MS = 8

const SECURITY_HINT = 'Add security: [{ <name of the scheme>: [] }] to the document or to its operations.'

type Found = { path: string; method: (typeof METHODS)[number]; pathItem: Node; operation: Node<JsonObject> }

/**
 * Every operation of a document, ready to be called, and the ways to sign in.
 *
 * Works in slices of a few milliseconds, since large documents have a thousand operations.
 *
 * @param documentUrl where the document came from, for relative servers.
 * @throws {DocumentError} when there are more than 2,000.
 */
export async function readOperations(
  root: JsonObject,
  parts: { dialect: Dialect; documentUrl: string | undefined; problems: Problems },
) {
  const { dialect, problems } = parts
  const document: Node<JsonObject> = { value: root, pointer: '' }
  const references = new References(root, problems)
  const schemas = new Schemas({ references, dialect, problems })
  const securitySchemes = readSecuritySchemes(document, dialect, references, problems)
  const reading = { ...parts, document, references, schemas, securitySchemes, nameOf: newOperationIds(problems) }
  const operations: Operation[] = []
  let sliceEnd = performance.now() + SLICE_MS
  for (const found of findOperations(document, references, problems)) {
    const operation = schemas.ofOperation(found.operation.pointer, () => readOperation(found, reading))
    if (operation) operations.push(operation)
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    sliceEnd = performance.now() + SLICE_MS
  }
  const isSigningIn = operations.some(({ call }) => call.kind === 'http' && call.security.length > 0)
  if (securitySchemes.length > 0 && operations.length > 0 && !isSigningIn)
    problems.warn(
      '',
      'The document has security schemes, but no operation uses one: calls do not sign in.',
      SECURITY_HINT,
    )
  return { operations, securitySchemes }
}

function findOperations(document: Node, references: References, problems: Problems): Found[] {
  const found: Found[] = []
  for (const [path, item] of childrenOf(childObject(document, 'paths'))) {
    const pathItem = references.follow(item)
    if (!pathItem || !isObject(pathItem.value)) continue
    if (!path.startsWith('/')) {
      problems.error(item.pointer, `The path ${path} does not begin with a slash.`, `Write /${path}.`)
      continue
    }
    for (const method of METHODS) {
      const operation = childObject(pathItem, method)
      if (operation) found.push({ path, method, pathItem, operation })
    }
  }
  if (found.length > MAX_OPERATIONS) {
    const message = `The document has ${found.length.toLocaleString('en')} operations; at most ${MAX_OPERATIONS.toLocaleString('en')} are read.`
    throw new DocumentError([
      { pointer: '/paths', message, suggestion: 'Leave out the paths that models need not call.', severity: 'error' },
    ])
  }
  if (found.length === 0)
    problems.error('/paths', 'The document has no operations.', 'Add paths with methods such as get.')
  return found
}

type Reading = {
  dialect: Dialect
  documentUrl: string | undefined
  document: Node
  problems: Problems
  references: References
  schemas: Schemas
  securitySchemes: readonly SecurityScheme[]
  nameOf: ReturnType<typeof newOperationIds>
}

function readOperation({ path, method, pathItem, operation }: Found, reading: Reading): Operation | undefined {
  const { dialect, document, documentUrl, problems, securitySchemes } = reading
  const isSwagger = dialect === '2.0'
  const server = isSwagger
    ? swaggerServerOf(operation, document, documentUrl, problems)
    : serverOf([operation, pathItem, document], documentUrl, problems)
  if (server === undefined) return undefined
  const nodes = parameterNodes(pathItem, operation, reading)
  const isOfBody = (node: Node) => isSwagger && (textOf(node, 'in') === 'body' || textOf(node, 'in') === 'formData')
  const security = readSecurity(operation, document, securitySchemes, problems)
  const signsIn = (parameter: Parameter) => isSignIn(parameter, security, securitySchemes)
  const parameters = nodes
    .flatMap((node) => (isOfBody(node) ? [] : (readParameter(node, path, reading) ?? [])))
    .filter((parameter) => !signsIn(parameter))
  return {
    operationId: reading.nameOf(operation, method, path),
    summary: textOf(operation, 'summary') || textOf(pathItem, 'summary'),
    description: textOf(operation, 'description') || textOf(pathItem, 'description'),
    isEnabled: true,
    approval: SAFE.has(method) ? 'never' : 'always',
    apiOrder: readOrder(operation, problems),
    hint: readHint(operation, problems),
    call: {
      kind: 'http',
      method: method.toUpperCase() as HttpMethod,
      server,
      path,
      parameters: [...parameters, ...undeclared(path, parameters, operation, problems)],
      body: isSwagger ? swaggerBody(operation, document, nodes, reading) : readRequestBody(operation, reading),
      security,
    },
  }
}

/** Every place in a path needs a value, whether or not the document says of which kind. */
function undeclared(path: string, declared: readonly Parameter[], { pointer }: Node, problems: Problems): Parameter[] {
  const known = new Set(declared.filter((parameter) => parameter.in === 'path').map(({ name }) => name))
  const names = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name!))
  return [...names]
    .filter((name) => !known.has(name))
    .map((name) => {
      problems.warn(
        pointer,
        `The place {${name}} in the path has no parameter; it is taken for a text.`,
        `Add a parameter named ${name} in path.`,
      )
      const rest = { isRequired: true, description: '', explode: false, allowReserved: false, mediaType: null }
      return { name, in: 'path', schema: { type: 'string' }, style: 'simple', ...rest }
    })
}

function readOrder(operation: Node, problems: Problems): number | null {
  const node = child(operation, 'x-api-order')
  if (!node) return null
  const order = typeof node.value === 'string' ? Number(node.value.trim() || Number.NaN) : node.value
  if (typeof order === 'number' && Number.isFinite(order)) return order
  problems.warn(node.pointer, 'x-api-order is not a number.', 'Write a number such as 1, or remove it.')
  return null
}
