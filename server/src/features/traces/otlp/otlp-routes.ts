import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { parseExactJson } from '../../weave/exact-json.ts'
import { checkDepth } from '../../weave/json-depth.ts'
import { invalidRequest, WeaveError } from '../../weave/weave-error.ts'
import { loadOtlpTypes } from './otlp-messages.ts'
import { readExportRequest } from './otlp-request.ts'
import type { ExportOutcome, OtlpService } from './otlp-service.ts'

/** Of one request, and of what it unpacks to. */
const MAX_BODY_BYTES = 32 * 1024 * 1024
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024

const ExportReply = z
  .object({
    partial_success: z
      .object({ rejected_spans: z.int(), error_message: z.string() })
      .nullable()
      .describe('What was not taken, and why; null when everything was.'),
  })
  .meta({ id: 'ExportTraceServiceResponse' })

/** Taking spans by OTLP over HTTP: protobuf or JSON, plain or packed. */
export const otlpRoutes =
  (otlp: OtlpService): FastifyPluginAsyncZod =>
  async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    for (const [url, name] of [
      ['/otel/v1/traces', 'exportTraces'],
      ['/otel/v1/trace', 'exportTrace'],
    ] as const)
      app.post(
        url,
        {
          schema: {
            tags: ['traces'],
            operationId: name,
            summary: 'Take spans by OTLP (protobuf or JSON, gzip or deflate)',
            headers: z.looseObject({
              project_id: z.string().optional().describe('`entity/project`, when the resource does not name it.'),
            }),
            response: { 200: ExportReply },
          },
        },
        async (request, reply) => {
          const isJson = isJsonType(request.headers['content-type'])
          const resources = readExportRequest(await decode(request, isJson))
          const outcome = await otlp.take(request.person, resources, request.headers.project_id)
          if (isJson || isJsonType(request.headers.accept)) return toReply(outcome)
          // Bytes are sent as they are, not through the schema.
          return reply.type('application/x-protobuf').send((await encode(outcome)) as never)
        },
      )
  }

async function decode(request: FastifyRequest, isJson: boolean): Promise<unknown> {
  const body = await unpack(request.body, request.headers['content-encoding'])
  try {
    if (isJson) {
      const json = parseExactJson(body.toString('utf8'))
      checkDepth(json)
      return json
    }
    const { request: type } = await loadOtlpTypes()
    return type.toObject(type.decode(body), { longs: String })
  } catch (error) {
    if (error instanceof WeaveError) throw error
    throw invalidRequest(`The body is not an ExportTraceServiceRequest in ${isJson ? 'JSON' : 'protobuf'}`)
  }
}

const unpackers: Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
}

async function unpack(body: unknown, encoding: string | undefined): Promise<Buffer> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if (encoding === undefined || encoding === 'identity') return bytes
  const unpacker = unpackers[encoding.trim().toLowerCase()]
  if (!unpacker) throw new WeaveError(415, 'InvalidRequest', `Unsupported Content-Encoding: ${encoding}`)
  try {
    return await unpacker(bytes, { maxOutputLength: MAX_UNPACKED_BYTES })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE')
      throw new WeaveError(413, 'RequestTooLarge', 'Request too large')
    throw invalidRequest(`The body is not what ${encoding} makes`)
  }
}

async function encode({ rejectedSpans, errorMessage }: ExportOutcome): Promise<Buffer> {
  const { response } = await loadOtlpTypes()
  const message = rejectedSpans > 0 ? { partialSuccess: { rejectedSpans, errorMessage } } : {}
  return Buffer.from(response.encode(message).finish())
}

function toReply({ rejectedSpans, errorMessage }: ExportOutcome): z.output<typeof ExportReply> {
  return {
    partial_success: rejectedSpans > 0 ? { rejected_spans: rejectedSpans, error_message: errorMessage } : null,
  }
}

function isJsonType(header: string | undefined): boolean {
  return header?.toLowerCase().includes('application/json') ?? false
}
