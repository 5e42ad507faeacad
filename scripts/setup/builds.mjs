import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, hasStamp, writeStamp } from './fingerprint.mjs'
import { nodeProgram, root, runQuietly, step } from './steps.mjs'

// Both builds begin by emptying their `dist`, so the stamp in it is gone until they have succeeded.
const SERVER_STAMP = 'server/dist/.stamp'
const WEB_STAMP = 'web/dist/.stamp'

/**
 * Builds the server and the page, each unless it was built from the same sources.
 *
 * @param {{ isForced?: boolean }} [options]
 */
export async function build({ isForced = false } = {}) {
  // When one fails the other is let finish, so that it need not be done again.
  const results = await Promise.allSettled([buildServer(isForced), buildWeb(isForced)])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** @param {boolean} isForced */
async function buildServer(isForced) {
  // The code cache fits only the V8 that made it.
  const sources = fingerprint(
    ['server/src', 'server/bin', 'server/build.mjs', 'server/warm-up.mjs', 'package-lock.json'],
    [process.version, process.arch],
  )
  if (!isForced && hasStamp(SERVER_STAMP, sources)) return
  await step('Building the server', () => runQuietly(process.execPath, [join(root, 'server/build.mjs')]))
  writeStamp(SERVER_STAMP, sources)
}

/** @param {boolean} isForced */
async function buildWeb(isForced) {
  const sources = fingerprint(['web', 'sdk', 'tsconfig.base.json', 'package-lock.json'])
  if (!isForced && hasStamp(WEB_STAMP, sources) && existsSync(join(root, 'web/dist/index.html'))) return
  await step('Building the page', () =>
    runQuietly(process.execPath, [nodeProgram('vite', 'vite'), 'build'], { cwd: join(root, 'web') }),
  )
  writeStamp(WEB_STAMP, sources)
}
