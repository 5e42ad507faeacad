// Reads one YAML text in a thread of its own. Plain JavaScript, since Node 20 starts threads from files as they are.
import { parentPort, workerData } from 'node:worker_threads'
import { LineCounter, parseDocument } from 'yaml'

/** Each use of an anchor counts as often as it leads to further ones: honest documents stay far below. */
const MAX_ALIASES = 1_000

/** @typedef {{ line: number, column: number, message: string }} YamlProblem */

parentPort?.postMessage(read(workerData))

/**
 * @param {string} text
 * @returns {{ value: unknown } | { problem: YamlProblem }}
 */
function read(text) {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'error' })
    const [error] = document.errors
    if (error) {
      const { line, col } = lines.linePos(error.pos[0])
      return { problem: { line, column: col, message: reasonOf(error) } }
    }
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch (error) {
    return { problem: { line: 0, column: 0, message: reasonOf(/** @type {Error} */ (error)) } }
  }
}

/** @param {Error} error */
function reasonOf({ message }) {
  return message.includes('call stack') ? 'it is nested too deeply' : message
}
