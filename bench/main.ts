/** Runs one benchmark: `npm run bench -- NAME [--json] [--data DIRECTORY] [--runs N]`. The last line of `--json` is one object. */
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { Bench } from './Bench.ts'
import { latency } from './latency.ts'

const benches: Readonly<Record<string, Bench>> = { latency }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, data: { type: 'string' }, runs: { type: 'string' } },
})
const [name = ''] = positionals
const bench = benches[name]
if (!bench) {
  process.stderr.write(`There is no benchmark \`${name}\`. Write one of: ${Object.keys(benches).join(', ')}.\n`)
  process.exit(3)
}
const { figures, context } = await bench({
  runs: values.runs === undefined ? undefined : Number(values.runs),
  data: values.data ?? process.env.FIREBREAK_DATA ?? '../shared/data',
  onProgress: (line) => process.stderr.write(`${line}\n`),
})
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: process.platform,
}
if (values.json) process.stdout.write(`${JSON.stringify({ bench: name, figures, context: { ...context, machine } })}\n`)
else process.stdout.write(`${JSON.stringify({ figures, context: { ...context, machine } }, null, 2)}\n`)
process.exit(0)
