/**
 * Everything that can be checked without running the program: style, types, dead code. `npm run check`.
 *
 * Prints what failed, and then a tally in the form of the tests' own, since `npm test` ends here when a check fails.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const checks = {
  'style and lint': ['biome', 'check', '--error-on-warnings', '--max-diagnostics=50'],
  types: ['tsc', '-p', '.'],
  ...(existsSync(join(root, 'console', 'tsconfig.json')) ? { 'console types': ['tsc', '-p', 'console'] } : {}),
  'dead code': ['knip', '--no-progress', '--no-config-hints'],
}

let failed = 0
for (const [name, [program = '', ...parameters]] of Object.entries(checks)) {
  const startedAt = performance.now()
  const command = join(root, 'node_modules', '.bin', program)
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd: root, encoding: 'utf8' })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (status === 0) continue
  failed++
  console.log(error?.message ?? `${stdout}${stderr}`)
}

if (failed > 0) {
  console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`)
  process.exitCode = 1
}
