import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type FileFormat, HEADER, readExamples, writeExample } from './example-files.ts'
import type { FewShotDraft, FewShotExample } from './few-shot.ts'
import { ExportQuery, ImportedSchema } from './schema.ts'
import type { FewShotService } from './service.ts'

const MAX_FILE_BYTES = 8 * 1024 * 1024

const MEDIA_TYPES = { csv: 'text/csv', jsonl: 'application/x-ndjson' } as const satisfies Record<FileFormat, string>
const ALSO_JSONL = ['application/jsonl', 'application/x-jsonlines', 'application/jsonlines']

/** What the parsers of this file's media types make of it; on the wire it is text. */
const ExampleFile = z.any().refine(Array.isArray).meta({ type: 'string' })

/** The library as a file: CSV with the columns of the export, or one JSON object a line. */
export const exampleFileRoutes =
  (fewShots: FewShotService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['few-shots']
    app.removeAllContentTypeParsers()
    for (const [format, types] of [
      ['csv', [MEDIA_TYPES.csv]],
      ['jsonl', [MEDIA_TYPES.jsonl, ...ALSO_JSONL]],
    ] as const)
      app.addContentTypeParser([...types], { parseAs: 'buffer' }, async (_: unknown, file: Buffer) =>
        readExamples(format, file),
      )

    app.post(
      '/user/practice/few-shot-examples/import',
      {
        bodyLimit: MAX_FILE_BYTES,
        schema: {
          tags,
          operationId: 'importFewShotExamples',
          summary: 'Add the examples of a CSV or JSONL file, all or none',
          description:
            'UTF-8, at most 8 MiB. CSV has a header with input_text, output_text and, if wanted, title, is_active, meta. ' +
            'An apostrophe before =, +, -, @ or a tab at the beginning of a cell is taken away, as the export puts it there.',
          consumes: [MEDIA_TYPES.csv, MEDIA_TYPES.jsonl],
          body: ExampleFile,
          response: { 201: ImportedSchema },
        },
      },
      async ({ person, body }, reply) =>
        reply.code(201).send({ imported: await fewShots.import(person, body as FewShotDraft[]) }),
    )

    app.get(
      '/user/practice/few-shot-examples/export',
      {
        schema: {
          tags,
          operationId: 'exportFewShotExamples',
          summary: 'All of my examples as a file that the import reads back exactly',
          description:
            'CSV as in RFC 4180. So that no spreadsheet runs a text as a formula, an apostrophe is put before cells that begin with one.',
          querystring: ExportQuery,
          produces: [MEDIA_TYPES.csv, MEDIA_TYPES.jsonl],
        },
      },
      async ({ person, query: { format } }, reply) => {
        const examples = fewShots.export(person)
        return reply
          .type(`${MEDIA_TYPES[format]}; charset=utf-8`)
          .header('content-disposition', `attachment; filename="few-shot-examples.${format}"`)
          .send(Readable.from(fileParts(format, examples)))
      },
    )
  }

async function* fileParts(format: FileFormat, batches: AsyncIterable<FewShotExample[]>): AsyncGenerator<string> {
  if (HEADER[format]) yield HEADER[format]
  for await (const examples of batches) yield examples.map((example) => writeExample(format, example)).join('')
}
