import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Tests wait for disks and for each other's answers much of the time: one worker would leave a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      'server',
      'web',
      { test: { name: 'sdk', root: 'sdk', include: ['src/**/*.test.ts'] } },
      { test: { name: 'scripts', root: 'scripts', include: ['setup/**/*.test.mjs'] } },
    ],
  },
})
