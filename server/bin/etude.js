#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'
import { cacheFile, compile, run, scriptFile } from './script.js'

if (existsSync(scriptFile)) {
  run(compile(existsSync(cacheFile) ? readFileSync(cacheFile) : undefined))
} else {
  console.error(
    'Etude is not built yet. Run "npm start" (which also starts it) or "npm run build" in its folder first.',
  )
  process.exitCode = 1
}
