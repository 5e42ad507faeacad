import { build } from './builds.mjs'
import { endWithNpm } from './end-with-npm.mjs'
import { install } from './install.mjs'
import { StepFailed } from './steps.mjs'

/**
 * Installs and builds what is missing, which is nothing most of the time. Ends the process when it cannot.
 *
 * @param {{ isForced?: boolean }} [options] `isForced` builds even what is up to date
 */
export async function prepare(options) {
  endWithNpm()
  try {
    await install()
    await build(options)
  } catch (error) {
    // It has been explained already; a stack trace on top would only hide that.
    if (error instanceof StepFailed) process.exit(error.exitCode)
    throw error
  }
}
