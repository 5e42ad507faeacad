import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { fingerprint, hasStamp, writeStamp } from './fingerprint.mjs'
import { root } from './steps.mjs'

it('says which Node is needed when this one is too old', () => {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.18.3' })`
  const { status, stderr } = spawnSync(process.execPath, [
    '--input-type=module',
    '--eval',
    `${pretend}\nawait import(${JSON.stringify(import.meta.resolve('./require-node.mjs'))})\nconsole.error('went on')`,
  ])

  expect(status).toBe(1)
  expect(stderr.toString()).toMatch(/^Etude needs Node 20\.19 or newer; this is v\d/)
  expect(stderr.toString()).not.toContain('went on')
})

it.skipIf(process.platform === 'win32')('stops when the npm that runs it has been stopped', async () => {
  const module = JSON.stringify(import.meta.resolve('./end-with-npm.mjs'))
  const script = `(await import(${module})).endWithNpm(); console.log(process.pid); setInterval(() => {}, 1000)`
  // npm's shell: it dies of a signal without handing it on. (With "&" it cannot become the program itself.)
  const shell = spawn('/bin/sh', ['-c', '"$0" --input-type=module --eval "$1" & wait', process.execPath, script], {
    env: { ...process.env, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = await once(shell.stdout, 'data')
  let isGone = false
  onTestFinished(() => void (isGone || process.kill(Number(pid), 'SIGKILL')))

  shell.kill('SIGTERM')
  // Only the program still holds the pipe, so this waits for its end.
  await once(shell.stdout, 'close')
  isGone = true
})

it('takes sources for changed when a file is edited, added or removed, not when a test is', () => {
  const folder = newFolder()
  mkdirSync(join(root, folder, 'deep'))
  const at = (/** @type {string} */ name) => join(root, folder, name)
  writeFileSync(at('deep/one.ts'), 'one')
  const states = [fingerprint([folder])]

  writeFileSync(at('deep/one.ts'), 'three')
  states.push(fingerprint([folder]))
  writeFileSync(at('two.ts'), 'two')
  states.push(fingerprint([folder]))
  rmSync(at('deep/one.ts'))
  states.push(fingerprint([folder]))
  expect(new Set(states).size).toBe(4)

  writeFileSync(at('two.test.ts'), 'two')
  expect(fingerprint([folder])).toBe(states[3])
})

it('knows a stamp only with the text that was written', () => {
  const stamp = join(newFolder(), '.stamp')

  expect(hasStamp(stamp, 'sources')).toBe(false)
  writeStamp(stamp, 'sources')
  expect(hasStamp(stamp, 'sources')).toBe(true)
  expect(hasStamp(stamp, 'other sources')).toBe(false)
})

/** Seen from the root of the clone, as these functions want it. */
function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'etude-setup-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return relative(root, folder)
}
