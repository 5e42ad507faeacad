// Writes what is generated from the server's schemas: openapi.json, the types of the client in sdk, and the JSON Schema of
// etude.config.json. With --check it writes nothing and fails when one of them is out of date.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const workshop = `${root}server/.cache/openapi`
const isCheck = process.argv.includes('--check')

rmSync(workshop, { recursive: true, force: true })
mkdirSync(workshop, { recursive: true })
await build({
  entryPoints: { openapi: `${root}server/src/openapi.ts`, config: `${root}server/src/config.ts` },
  outdir: workshop,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
})
copyFileSync(`${root}server/src/db/sqlite-writer.mjs`, `${workshop}/sqlite-writer.mjs`)

const { describeApi } = await import(`${workshop}/openapi.mjs`)
const { configFileJsonSchema } = await import(`${workshop}/config.mjs`)
const description = `${workshop}/openapi.json`
writeFileSync(description, toText(await describeApi()))
// A program of its own, because openapi-typescript needs an older TypeScript than we do.
const typeMaker = `${root}sdk/node_modules/openapi-typescript/bin/cli.js`
execFileSync(process.execPath, [typeMaker, description, '--output', `${workshop}/openapi.ts`], { stdio: 'ignore' })

const outdated = [
  update('openapi.json', readFileSync(description, 'utf8')),
  update('sdk/src/openapi.ts', readFileSync(`${workshop}/openapi.ts`, 'utf8')),
  update('etude.config.schema.json', toText(configFileJsonSchema())),
].filter((file) => file !== undefined)
rmSync(workshop, { recursive: true, force: true })
if (isCheck && outdated.length > 0) {
  console.error(`Out of date: ${outdated.join(', ')}. Run: npm run openapi`)
  process.exitCode = 1
}

/**
 * @param {string} file
 * @param {string} text
 */
function update(file, text) {
  const isSame = read(file) === text
  if (!isSame && !isCheck) writeFileSync(root + file, text)
  return isSame ? undefined : file
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(root + file, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}

/** @param {unknown} json */
function toText(json) {
  return `${JSON.stringify(json, null, 2)}\n`
}
