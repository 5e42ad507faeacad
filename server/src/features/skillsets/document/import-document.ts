import type { Operation, SecurityScheme } from '../skill.ts'
import { dialectOf } from './dialect.ts'
import { childObject, textOf } from './node.ts'
import { readOperations } from './operations.ts'
import { DocumentError, type DocumentProblem, Problems } from './problem.ts'
import { readText } from './read-text.ts'

export type ImportedDocument = {
  title: string
  version: string
  description: string
  operations: Operation[]
  securitySchemes: SecurityScheme[]
  problems: DocumentProblem[]
}

/**
 * Reads an OpenAPI document (2.0, 3.0 or 3.1; JSON or YAML) and makes of each of its operations all that calling it
 * needs. What is wrong with a part costs that part only, and is said; pointers lead into the document as it was given.
 *
 * @param text at most 5 MB.
 * @param options `url`: where the document came from, against which relative servers are resolved.
 * @throws {DocumentError} `invalid_document` with its problems, when no operation can be made of it.
 */
export async function importDocument(text: string, options: { url?: string } = {}): Promise<ImportedDocument> {
  const root = await readText(text)
  const problems = new Problems()
  const dialect = dialectOf(root, problems)
  const info = childObject({ value: root, pointer: '' }, 'info')
  if (!info) problems.warn('/info', 'The document has no info.', 'Add info: { title: …, version: … }.')
  const { operations, securitySchemes } = await readOperations(root, { dialect, documentUrl: options.url, problems })
  if (operations.length === 0) throw new DocumentError(problems.list())
  return {
    title: info ? textOf(info, 'title') : '',
    version: info ? textOf(info, 'version') : '',
    description: info ? textOf(info, 'description') : '',
    operations,
    securitySchemes,
    problems: problems.list(),
  }
}
