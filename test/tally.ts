/** Prints how many tests passed and failed as the very last line, for whoever reads only that. */
import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** A reporter for vitest. What broke outside any test (a file that does not load) counts as a failure. */
export function tally(): Reporter {
  return {
    onTestRunEnd(modules, errors, reason) {
      const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
      for (const module of modules) {
        for (const test of module.children.allTests()) count[test.result().state]++
        count.failed += brokenSuites(module)
      }
      if (reason === 'failed' && count.failed === 0) count.failed = 1
      const skipped = count.skipped + count.pending
      const line = `${count.passed} passed, ${count.failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`
      // At exit, so that nothing follows; written at once, since an exit waits for no pending write.
      process.once('exit', () => writeSync(1, line))
    },
  }
}

function brokenSuites(module: TestModule): number {
  return [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length
}
