import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    globalSetup: ['./src/db/testing-postgres.ts', './src/db/testing-sqlite.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
