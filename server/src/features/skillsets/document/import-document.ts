import { parse as parseYaml } from 'yaml'
import type { Operation, SecurityScheme } from '../skill.ts'
import { isObject } from './node.ts'
import { importOperations } from './operations.ts'
import { DocumentError, type DocumentProblem, Problems } from './problem.ts'

export type ImportedDocument = {
  title: string
  version: string
  description: string
  operations: Operation[]
  securitySchemes: SecurityScheme[]
  problems: DocumentProblem[]
}

/**
 * Reads an OpenAPI document (2.0, 3.0 or 3.1; JSON or YAML) and makes of each of its operations all that calling it needs.
 *
 * @param options `url`: where the document came from, against which relative servers are resolved.
 * @throws {DocumentError} `invalid_document` with its problems, when no operation can be made of it.
 */
export async function importDocument(text: string, options: { url?: string } = {}): Promise<ImportedDocument> {
  const problems = new Problems()
  const root: unknown = parseYaml(text)
  if (!isObject(root)) {
    problems.error('', 'The document is not an object.', 'Paste an OpenAPI document.')
    throw new DocumentError(problems.list())
  }
  const imported = importOperations(root, options.url, problems)
  if (imported.operations.length === 0) throw new DocumentError(problems.list())
  return { ...imported, problems: problems.list() }
}
