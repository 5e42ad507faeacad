// Makes server/dist: the server as one script, V8's cache of its compiled code, and the files it needs beside it.
//
// How long from the start of Node to the first 200 is in CONTRIBUTING.md ("How the server starts").
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, import.meta.url))

rmSync(at('dist'), { recursive: true, force: true })
mkdirSync(at('dist'))

await build({
  entryPoints: [at('src/main.ts')],
  outfile: at('dist/etude.js'),
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // A script that is a function, in the form in which Node wraps its own modules: see bin/script.js.
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
  // Names and lines stay readable, so stack traces need no source map, which would cost time at every start.
  minify: false,
  // Native code stays where npm has put it. (pg asks for pg-native only when told to; it is not installed.)
  // Tokenizers are megabytes of tables each, read when a model needs one.
  external: ['better-sqlite3', 'pg-native', 'gpt-tokenizer'],
  // V8's code cache does not keep what import() needs in a script: on Node 20 each one fails. require() does the same.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
})
await build({
  // The thread that reads YAML: a script of its own, with the package it needs.
  entryPoints: [at('src/features/skillsets/document/yaml-worker.mjs')],
  outfile: at('dist/yaml-worker.mjs'),
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  logLevel: 'warning',
})
copyFileSync(at('src/db/sqlite-writer.mjs'), at('dist/sqlite-writer.mjs'))

if (!process.argv.includes('--no-code-cache')) {
  const warmUp = spawnSync(process.execPath, [at('warm-up.mjs')], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (warmUp.status !== 0) console.error('No code cache was made: the server will start a little slower.')
}
