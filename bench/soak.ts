/**
 * The long runs: the demo with many seeds, then every test with its widest matrix. `npm run soak -- [--seeds N] [--json]`.
 * Prints the seed of each run, and how much time is left.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Summary } from '../src/drill/Demo.ts'
import * as Spread from './Spread.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
})
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1)

/** Runs a program and resolves with its exit status and the last line it printed. */
function run(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; last: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed = (printed + chunk).slice(-100_000)
  })
  return new Promise((resolve) =>
    child.once('exit', (code) => resolve({ code, last: printed.trimEnd().split('\n').at(-1) ?? '' })),
  )
}

const startedAt = performance.now()
const summaries: (Summary & { readonly seed: number; readonly held: boolean })[] = []
for (const [index, seed] of seeds.entries()) {
  const data = mkdtempSync(join(tmpdir(), 'firebreak-soak-'))
  const { code, last } = await run([
    '--conditions=source',
    'src/cli/main.ts',
    'demo',
    '--once',
    '--json',
    '--seed',
    String(seed),
    '--data',
    data,
  ])
  rmSync(data, { recursive: true, force: true })
  const summary = JSON.parse(last) as Summary
  summaries.push({ ...summary, seed, held: code === 0 })
  const left = ((performance.now() - startedAt) / (index + 1)) * (seeds.length - index - 1)
  process.stderr.write(
    `seed ${seed}: ${code === 0 ? 'held' : 'FAILED'}, ${last}\n${Math.ceil(left / 60_000)} min left of the demos\n`,
  )
}
const tests = await run(['node_modules/vitest/vitest.mjs', 'run'], { FIREBREAK_SOAK: '1' })

const failed = summaries.filter(({ held }) => !held).map(({ seed }) => seed)
const result = {
  demos: summaries.length,
  demosFailed: failed.length,
  failedSeeds: failed,
  falseAlerts: summaries.reduce((sum, { falseAlerts }) => sum + falseAlerts, 0),
  blocksToContain: Spread.of(summaries.flatMap(({ blocksToContain }) => blocksToContain ?? [])),
  msToContain: Spread.of(summaries.flatMap(({ msToContain }) => msToContain ?? [])),
  shareLost: Spread.of(summaries.map(({ lossWithEth, lossWithoutEth }) => lossWithEth / lossWithoutEth)),
  tests: tests.last,
}
process.stdout.write(`${values.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`)
process.exitCode = failed.length === 0 && tests.code === 0 ? 0 : 1
