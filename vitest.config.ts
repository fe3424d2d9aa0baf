import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['patronkit-source'] },
  ssr: { resolve: { conditions: ['patronkit-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'conformance/test/**/*.test.ts', 'tooling/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    // a deep run takes as long as it takes
    testTimeout: process.env.PATRONKIT_DEEP ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // who counts the results of `pnpm test` reads them from this file
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.build/tests.json' }]] : ['default'],
  },
})
