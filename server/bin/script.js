import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, Script } from 'node:vm'

export const scriptFile = fileURLToPath(new URL('../dist/etude.js', import.meta.url))
export const cacheFile = fileURLToPath(new URL('../dist/etude.cache', import.meta.url))

/**
 * Compiles the built server; with V8's code cache there is hardly anything left to compile.
 *
 * A cache made by another V8, or with other flags, is not used, and everything works without it.
 *
 * @param {Buffer | undefined} cachedData
 */
export function compile(cachedData) {
  // esbuild writes ASCII; as Latin-1 it is read without decoding and takes one byte a character.
  return new Script(readFileSync(scriptFile, 'latin1'), {
    filename: scriptFile,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
}

/**
 * Runs it as Node runs a CommonJS module.
 *
 * @param {Script} script
 */
export function run(script) {
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(scriptFile), module, scriptFile, dirname(scriptFile))
}
