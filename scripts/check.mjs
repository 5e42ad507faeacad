// npm run check: everything that must hold before a change is merged; .ci/run runs it too.
// All of them go on when one fails. `npm run check -- lint knip` runs only those.
import './setup/require-node.mjs'
import { prepare } from './setup/prepare.mjs'
import { nodeProgram, passOn, root } from './setup/steps.mjs'

/** Each is a list of what to give to `node`, one after the other. */
const CHECKS = {
  lint: () => [[nodeProgram('@biomejs/biome', 'biome'), 'check']],
  typecheck: () =>
    ['server', 'web', 'sdk', 'scripts'].map((folder) => [nodeProgram('typescript', 'tsc'), '-p', folder]),
  knip: () => [[nodeProgram('knip', 'knip')]],
  lock: () => [[`${root}/scripts/complete-lock.mjs`, '--check']],
  openapi: () => [[`${root}/scripts/openapi.mjs`, '--check']],
  test: () => [[`${root}/scripts/test.mjs`]],
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(CHECKS)
const unknown = names.filter((name) => !(name in CHECKS))
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.`)
  process.exit(2)
}

await prepare()
const failed = []
for (const name of /** @type {(keyof typeof CHECKS)[]} */ (names)) {
  const startedAt = performance.now()
  console.error(`\n── ${name}`)
  let isFine = true
  for (const parameters of CHECKS[name]()) if ((await passOn(process.execPath, parameters)) !== 0) isFine = false
  if (!isFine) failed.push(name)
  console.error(
    `── ${name}: ${isFine ? 'passed' : 'FAILED'} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  )
}
console.error(
  `\n${names.length - failed.length} checks passed, ${failed.length} failed${failed.map((name) => ` ${name}`)}`,
)
process.exitCode = failed.length > 0 ? 1 : 0
