import fastifyMultipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { FileService } from './file-service.ts'
import { FileContentRequest, FileCreated, FilesStatsReply, ProjectQuery } from './schema.ts'
import { MAX_FILE_BYTES, readUpload } from './uploaded-file.ts'

const tags = ['weave files']
const MOST_FIELDS = 10
const MOST_FIELD_BYTES = 10_000

/** What the form holds is read while it comes, see `readUpload`. */
const UploadForm = z.any().meta({
  type: 'object',
  required: ['project_id', 'file'],
  properties: {
    project_id: { type: 'string', description: '`entity/project`' },
    file: { type: 'string', format: 'binary', description: 'At most 32 MiB' },
    expected_digest: { type: 'string', description: 'The digest that the client computed' },
  },
})
const FileContent = z.any().meta({ type: 'string', format: 'binary' })

/** Files, under the names that the npm SDK (`/file`) and the Python client (`/files`) use. */
export const fileRoutes =
  (files: FileService): FastifyPluginAsyncZod =>
  async (app) => {
    await app.register(fastifyMultipart, {
      limits: { fileSize: MAX_FILE_BYTES, files: 1, fields: MOST_FIELDS, fieldSize: MOST_FIELD_BYTES },
    })

    for (const [path, isAnotherName] of [
      ['/file/create', false],
      ['/files/create', true],
    ] as const)
      app.post(
        path,
        {
          bodyLimit: MAX_FILE_BYTES,
          schema: {
            tags,
            hide: isAnotherName,
            ...(!isAnotherName && { operationId: 'createFile' }),
            summary: 'Store a file',
            consumes: ['multipart/form-data'],
            body: UploadForm,
            response: { 200: FileCreated },
          },
        },
        async (request) => {
          const { projectName, ...file } = await readUpload(request)
          return files.create(request.person, projectName, file)
        },
      )

    for (const [path, isAnotherName] of [
      ['/file/content', false],
      ['/files/content', true],
    ] as const)
      app.post(
        path,
        {
          schema: {
            tags,
            hide: isAnotherName,
            ...(!isAnotherName && { operationId: 'readFile' }),
            summary: 'Read a file',
            body: FileContentRequest,
            produces: ['application/octet-stream'],
            response: { 200: FileContent },
          },
        },
        async ({ person, body }, reply) => {
          const content = await files.read(person, body.project_id, body.digest)
          // A browser must never show what somebody else has uploaded as a page of ours.
          return reply
            .type('application/octet-stream')
            .header('content-disposition', 'attachment')
            .header('x-content-type-options', 'nosniff')
            .send(content)
        },
      )

    for (const [path, isAnotherName] of [
      ['/files/query_stats', false],
      ['/files/stats', true],
    ] as const)
      app.post(
        path,
        {
          schema: {
            tags,
            hide: isAnotherName,
            ...(!isAnotherName && { operationId: 'getFilesStats' }),
            summary: 'How much the files of a project take',
            body: ProjectQuery,
            response: { 200: FilesStatsReply },
          },
        },
        async ({ person, body }) => ({ total_size_bytes: await files.totalBytes(person, body.project_id) }),
      )
  }
