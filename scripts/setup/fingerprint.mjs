import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.mjs'

/** What does not end up in a build. */
const IGNORED = /^(node_modules|dist|coverage|fixtures|.*\.test\.tsx?|\..*)$/

/**
 * A short text that changes when one of the files does: their paths, sizes and times, not their contents, so that it
 * costs a few milliseconds at every start.
 *
 * @param {string[]} paths files and folders, from the root of the clone
 * @param {string[]} more anything else the result depends on
 */
export function fingerprint(paths, more = []) {
  const hash = createHash('sha1')
  for (const path of paths) add(hash, path)
  return hash.update(more.join('\n')).digest('hex')
}

/**
 * @param {string} file
 * @param {string} expected
 */
export function hasStamp(file, expected) {
  try {
    return readFileSync(join(root, file), 'utf8') === expected
  } catch {
    return false
  }
}

/**
 * Written last, so that work which was interrupted is done again.
 *
 * @param {string} file
 * @param {string} text
 */
export function writeStamp(file, text) {
  writeFileSync(join(root, file), text)
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} path
 */
function add(hash, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false })
  if (stat?.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) if (!IGNORED.test(name)) add(hash, `${path}/${name}`)
  } else {
    hash.update(`${path} ${stat?.size} ${stat?.mtimeMs}\n`)
  }
}
