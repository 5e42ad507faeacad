import type { Transform } from 'node:stream'
import { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, constants as zlib } from 'node:zlib'
import { OutboundError } from './outbound-error.ts'

/** More than two are never seen; each one could multiply what comes by a thousand. */
const MAX_CODINGS = 2

/**
 * The bytes of an answer as they were before compression, bounded on the wire and again after every step.
 *
 * An answer that ends too early is passed on as far as it goes, as browsers do.
 *
 * @param encoding the `content-encoding` header: gzip, deflate (with or without zlib's header), br, or none.
 * @throws {OutboundError} `outbound_too_large` above `maxBytes`, `outbound_unreadable` for what cannot be unpacked.
 */
export async function* readBody(
  wire: AsyncIterable<Buffer>,
  encoding: string | undefined,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  const codings = (encoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length > MAX_CODINGS) throw unreadable(`it is compressed ${codings.length} times`)
  let bytes: AsyncIterable<Buffer> = bounded(wire, maxBytes)
  for (const coding of codings.reverse()) bytes = bounded(unpacked(bytes, coding), maxBytes)
  yield* bytes
}

async function* bounded(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let seen = 0
  for await (const chunk of chunks) {
    seen += chunk.length
    if (seen > maxBytes)
      throw new OutboundError('outbound_too_large', `The answer has more than ${maxBytes.toLocaleString('en')} bytes.`)
    yield chunk
  }
}

async function* unpacked(chunks: AsyncIterable<Buffer>, coding: string): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  // A 204, or an answer to HEAD, may name a coding and have no body.
  if (first.done) return
  const decoder = createDecoder(coding, first.value)
  let failure: unknown
  const rest = (async function* () {
    yield first.value
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    } catch (error) {
      failure = error
      throw error
    }
  })()
  const source = Readable.from(rest, { objectMode: false })
  source.on('error', (error) => decoder.destroy(error))
  try {
    yield* source.pipe(decoder) as AsyncIterable<Buffer>
  } catch (error) {
    throw failure ?? unreadable('its compression is damaged', error)
  } finally {
    source.destroy()
    decoder.destroy()
    await iterator.return?.()
  }
}

function createDecoder(coding: string, first: Buffer): Transform {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ finishFlush: zlib.Z_SYNC_FLUSH })
    case 'deflate':
      // RFC 9110 §8.4.1.2 means zlib's format; some servers send the bare one, whose first byte never looks like this.
      return (first[0]! & 0x0f) === 8
        ? createInflate({ finishFlush: zlib.Z_SYNC_FLUSH })
        : createInflateRaw({ finishFlush: zlib.Z_SYNC_FLUSH })
    case 'br':
      return createBrotliDecompress({ finishFlush: zlib.BROTLI_OPERATION_FLUSH })
  }
  throw unreadable(`it is compressed with ${JSON.stringify(coding.slice(0, 20))}, which was not asked for`)
}

function unreadable(why: string, cause?: unknown): OutboundError {
  return new OutboundError('outbound_unreadable', `The answer cannot be read: ${why}.`, { cause })
}
