import { createHash } from 'node:crypto'
import type { Json } from '../weave/exact-json.ts'
import { pythonJson } from '../weave/python-json.ts'

/**
 * The names that Weave gives to what is stored, computed from what it is (weave.md §2.4): clients compute them too, and
 * what two servers hold has the same name on both.
 */

/** Of a file's bytes, and of the text that stands for an object or a row. */
export function bytesDigest(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('base64url').replaceAll('-', 'X').replaceAll('_', 'Y')
}

/** Of an object or a table's row: its keys in the order of their characters, as Python writes JSON. */
export function valueDigest(value: Json): string {
  return bytesDigest(pythonJson(value, { sortKeys: true }))
}

/** Of a table: of the digests of its rows, in their order. */
export function tableDigest(rowDigests: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const digest of rowDigests) hash.update(digest)
  return hash.digest('hex')
}
