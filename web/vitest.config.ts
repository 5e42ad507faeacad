import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['etude-source', ...defaultServerConditions] } },
  test: {
    include: ['src/**/*.test.ts', 'browser/**/*.browser.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
