import { defineConfig } from 'vitest/config'
import { tally } from './test/tally.ts'

const conditions = ['source', 'module', 'node', 'development|production']

export default defineConfig({
  // The package imports itself by name (`firebreak`) from examples and tests: its sources, not what was last built.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{src,test,console,scripts}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // A process per file: a file may change its environment, be killed, or hold a lock without touching another.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', tally()],
  },
})
