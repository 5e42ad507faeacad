import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openDatabase } from './open.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A migrated SQLite file that tests copy. */
    sqliteTemplate: string
  }
}

/** Migrates one SQLite file for the whole test run. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'etude-sqlite-'))
  const file = join(folder, 'template.sqlite')
  const { close } = await openDatabase({ database: { kind: 'sqlite', file } })
  await close()
  project.provide('sqliteTemplate', file)
  return () => rmSync(folder, { recursive: true, force: true })
}
