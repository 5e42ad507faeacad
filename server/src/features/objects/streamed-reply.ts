import { Readable } from 'node:stream'
import { z } from 'zod'
import { printJson } from '../weave/exact-json.ts'

const CHARACTERS_PER_CHUNK = 64 * 1024

/** A reply that is written while it is read: described by a schema, not checked by it. */
export function streamed(schema: z.ZodType) {
  const { $schema: _, ...description } = z.toJSONSchema(schema, { unrepresentable: 'any' })
  return z.any().meta(description)
}

/** `{"name": [...]}` of items that come one after the other. */
export function listReply(name: string, items: AsyncIterable<unknown>): Readable {
  return Readable.from(inChunks(listParts(name, items)))
}

/** One item a line. */
export function linesReply(items: AsyncIterable<unknown>): Readable {
  return Readable.from(inChunks(lineParts(items)))
}

async function* listParts(name: string, items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = `{${JSON.stringify(name)}:[`
  for await (const item of items) {
    yield before + printJson(item)
    before = ','
  }
  yield before === ',' ? ']}' : `${before}]}`
}

async function* lineParts(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `${printJson(item)}\n`
}

async function* inChunks(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = ''
  for await (const part of parts) {
    chunk += part
    if (chunk.length < CHARACTERS_PER_CHUNK) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
