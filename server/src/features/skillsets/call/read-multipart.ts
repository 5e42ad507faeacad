import { type ContentType, readContentType } from './content-type.ts'
import type { ReadAnswer } from './operation-result.ts'

const MAX_PARTS = 100
const MAX_HEADER_BYTES = 8 * 1024

type ReadPart = (bytes: Buffer, header: string | undefined) => Promise<ReadAnswer>

/**
 * The parts of a multipart answer (RFC 2046 §5.1), each read by its own type; parts inside parts stay text.
 *
 * @returns undefined when its boundary is missing or never occurs.
 */
export async function readMultipart(bytes: Buffer, { parameters }: ContentType, readPart: ReadPart): Promise<unknown> {
  const boundary = parameters.get('boundary')
  if (boundary === undefined || boundary === '') return undefined
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: unknown[] = []
  let from = bytes.indexOf(delimiter)
  while (from >= 0 && parts.length < MAX_PARTS) {
    const start = from + delimiter.length
    const next = bytes.indexOf(delimiter, start)
    if (next < 0 || bytes.subarray(start, start + 2).toString() === '--') break
    parts.push(await readOne(bytes.subarray(start, next), readPart))
    from = next
  }
  return parts.length > 0 ? parts : undefined
}

async function readOne(part: Buffer, readPart: ReadPart): Promise<unknown> {
  const headEnd = part.subarray(0, MAX_HEADER_BYTES).indexOf('\r\n\r\n')
  const head = part.subarray(0, Math.max(headEnd, 0)).toString()
  const body = headEnd < 0 ? part : part.subarray(headEnd + 4, part.length - 2)
  const headers = new Map(
    head.split('\r\n').flatMap((line) => {
      const at = line.indexOf(':')
      return at < 0 ? [] : [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const]
    }),
  )
  const type = headers.get('content-type')
  const isNested = readContentType(type).mediaType.startsWith('multipart/')
  const { content, note } = await readPart(body, isNested ? 'text/plain' : (type ?? 'text/plain'))
  const name = /\bname="?([^";]*)"?/.exec(headers.get('content-disposition') ?? '')?.[1]
  const value = content.kind === 'json' ? content.value : content.kind === 'text' ? content.text : note
  return { ...(name !== undefined && { name }), ...(type !== undefined && { contentType: type }), content: value }
}
