import type { JsonObject } from '../../../models/language-model.ts'
import { DocumentError, type Problems } from './problem.ts'

/** 3.2 adds to 3.1 only what calls do not need. */
export type Dialect = '2.0' | '3.0' | '3.1'

/** Which version of OpenAPI a document is written in. @throws {DocumentError} when it is none that is read. */
export function dialectOf(root: JsonObject, problems: Problems): Dialect {
  const key = root.swagger !== undefined ? 'swagger' : 'openapi'
  // YAML reads an unquoted 2.0 as the number 2.
  const version = String(root[key] ?? '')
  if (key === 'swagger' && /^2(\.0)?$/.test(version)) return '2.0'
  if (key === 'openapi' && /^3\.0(\.\d+)?(-\w+)?$/.test(version)) return '3.0'
  if (key === 'openapi' && /^3\.1(\.\d+)?$/.test(version)) return '3.1'
  if (key === 'openapi' && /^3(\.\d+)*$/.test(version)) {
    problems.warn(
      '/openapi',
      `Version ${version} is read as if it were 3.1.`,
      'Check the operations before you use them.',
    )
    return '3.1'
  }
  throw new DocumentError([
    {
      pointer: version === '' ? '' : `/${key}`,
      message:
        version === ''
          ? 'The document does not say which version of OpenAPI it is written in.'
          : `${key} ${version.slice(0, 20)} is not known.`,
      suggestion: 'Begin it with openapi: 3.1.0 (or 3.0.3, or swagger: "2.0").',
      severity: 'error',
    },
  ])
}
