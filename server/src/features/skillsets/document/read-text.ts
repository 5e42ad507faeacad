import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ConcurrencyLimit } from '../../../models/concurrency-limit.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from './node.ts'
import { DocumentError } from './problem.ts'

export const MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
const MAX_DEPTH = 100
/** Also counts what aliases of YAML repeat. */
const MAX_VALUES = 2_000_000
const YAML_TIMEOUT_MS = 30_000
const YAML_MEMORY_MB = 768

/**
 * Reads a document as JSON, or else as YAML.
 *
 * JSON of the largest size allowed takes some 50 ms. YAML takes a hundred times as long, and may be made to take
 * for ever, so it is read in a thread of its own, whose time and memory are bounded.
 *
 * @throws {DocumentError} when it is too large or neither of them, with line and column.
 */
export async function readText(given: string): Promise<JsonObject> {
  const text = given.replace(/^\uFEFF/, '')
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_DOCUMENT_BYTES)
    throw unusable(
      `The document has ${megabytes(bytes)} MB; at most ${megabytes(MAX_DOCUMENT_BYTES)} MB are read.`,
      'Leave out the paths that are not needed.',
    )
  const value = parseJson(text) ?? (await readYaml(text))
  if (!isObject(value))
    throw unusable(
      'This is not an OpenAPI document.',
      'It must be an object with openapi, info and paths, in JSON or YAML.',
    )
  checkExtent(value)
  return value
}

/** Undefined when it is not JSON: YAML then accepts what is nearly JSON, such as a comma at the end, or says where it is not. */
function parseJson(text: string): unknown {
  if (!isLikeJson(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isLikeJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

type YamlAnswer = { value: unknown } | { problem: { line: number; column: number; message: string } }

async function readYaml(text: string): Promise<unknown> {
  const answer = await oneOfFew(() => inThread(text))
  if ('value' in answer) return answer.value
  const { line, column } = answer.problem
  const message = answer.problem.message.replace(/\.$/, '')
  const where = line > 0 ? ` at line ${line}, column ${column}` : ''
  throw unusable(
    `The document is not valid ${isLikeJson(text) ? 'JSON' : 'YAML'}${where}: ${message}.`,
    'Correct it there, or paste the document again as a whole.',
  )
}

/** More at once would only take turns on the processors, each with its own memory. */
const threads = new ConcurrencyLimit(2)
const never = new AbortController().signal

async function oneOfFew<T>(read: () => Promise<T>): Promise<T> {
  await threads.enter(never)
  try {
    return await read()
  } finally {
    threads.leave()
  }
}

function inThread(text: string): Promise<YamlAnswer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(import.meta.dirname, 'yaml-worker.mjs'), {
      workerData: text,
      resourceLimits: { maxOldGenerationSizeMb: YAML_MEMORY_MB },
      execArgv: [],
      // It has no business with what the server was configured with.
      env: {},
    })
    const tooMuch = () =>
      unusable(
        'Reading this YAML takes too much time or memory.',
        'Convert it to JSON, or leave out what is not needed.',
      )
    const timer = setTimeout(() => {
      reject(tooMuch())
      void worker.terminate()
    }, YAML_TIMEOUT_MS)
    worker.once('message', (answer: YamlAnswer) => {
      clearTimeout(timer)
      resolve(answer)
      void worker.terminate()
    })
    worker.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : error)
    })
  })
}

/** Everything that walks through the document later may rely on these bounds. */
function checkExtent(root: JsonObject): void {
  let values = 0
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw unusable(`The document is nested more than ${MAX_DEPTH} levels deep.`, 'No OpenAPI document needs that.')
    values += level.length
    const next: unknown[] = []
    for (const value of level)
      if (typeof value === 'object' && value !== null) {
        // Not spread: a list may be longer than a call can have arguments.
        for (const part of Object.values(value)) next.push(part)
        if (values + next.length > MAX_VALUES)
          throw unusable(
            `The document holds more than ${MAX_VALUES.toLocaleString('en')} values, counting aliases as what they stand for.`,
            'Leave out the paths that are not needed.',
          )
      }
    level = next
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toLocaleString('en', { maximumFractionDigits: 1 })
}

function unusable(message: string, suggestion: string): DocumentError {
  return new DocumentError([{ pointer: '', message, suggestion, severity: 'error' }])
}
