import type { FastifyRequest } from 'fastify'
import { ValidationError } from '../../errors.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'

/** What one upload may be, as on the hosted server (weave.md §4). */
export const MAX_FILE_BYTES = 32 * 1024 * 1024

export type UploadedFile = { projectName: string; content: Buffer; expectedDigest: string | null }

/**
 * Reads the form of an upload, whose fields may come in any order.
 *
 * @throws {ValidationError} naming a field that is missing.
 * @throws {WeaveError} 413 for a file that is too large, 400 for what is no form.
 */
export async function readUpload(request: FastifyRequest): Promise<UploadedFile> {
  const form = request.isMultipart() ? await readForm(request) : { fields: new Map<string, string>() }
  const projectName = form.fields.get('project_id')
  if (projectName === undefined) throw missing('project_id')
  if (!form.content) throw missing('file')
  return { projectName, content: form.content, expectedDigest: form.fields.get('expected_digest') || null }
}

async function readForm(request: FastifyRequest): Promise<{ fields: Map<string, string>; content?: Buffer }> {
  const fields = new Map<string, string>()
  let content: Buffer | undefined
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') fields.set(part.fieldname, String(part.value))
      else if (part.fieldname === 'file') content = await part.toBuffer()
      else part.file.resume()
    }
  } catch (error) {
    const { statusCode } = error as { statusCode?: number }
    if (statusCode === 413) throw new WeaveError(413, 'RequestTooLarge', 'Request too large')
    throw invalidRequest('There was an error parsing the body')
  }
  return content ? { fields, content } : { fields }
}

function missing(field: string): ValidationError {
  return new ValidationError([{ type: 'missing', loc: ['body', field], msg: 'Field required', input: null }])
}
