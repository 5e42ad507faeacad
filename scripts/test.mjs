// npm test: installs and builds what is missing, then runs the tests. What follows `npm test --` goes to vitest.
// Like require-node.mjs, this file has to parse on old versions of Node.
import './setup/require-node.mjs'

void import('./setup/prepare.mjs')
  .then(({ prepare }) => prepare())
  .then(() => import('./setup/steps.mjs'))
  .then(({ nodeProgram, passOn }) =>
    passOn(process.execPath, [nodeProgram('vitest', 'vitest'), 'run'].concat(process.argv.slice(2))),
  )
  .then((exitCode) => {
    process.exitCode = exitCode
  })
