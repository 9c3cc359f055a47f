import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import open from 'open'
import * as Errors from '../../base/Errors.ts'
import * as Log from '../../base/Log.ts'
import * as Output from '../Output.ts'

type Options = {
  readonly once: boolean
  readonly json: boolean
  readonly open: boolean
  readonly port?: number
  readonly seed: number
  readonly data: string
  readonly logLevel: Log.Level
}

/** Runs the drill, prints what it measured, and stays up until Ctrl-C unless `once`. */
export async function demo({ once, json, open: mayOpen, port, seed, data, logLevel }: Options): Promise<void> {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  if (!existsSync(join(root, 'contracts'))) throw new NoCloneError()
  const startedAt = performance.now()
  const onProgress = (text: string) =>
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${text}\n`)
  await buildConsole(root, onProgress)
  const Demo = await import('../../drill/Demo.ts')
  const running = await Demo.run({
    seed,
    port: port ?? (once ? 0 : undefined),
    reportDirectory: join(data, 'demo'),
    log: Log.create(logLevel),
    onProgress,
  })
  const { summary } = running
  const held = summary.contained && summary.falseAlerts === 0 && summary.lossWithEth < summary.lossWithoutEth / 2
  if (!json) print(summary)
  if (once) {
    await running.stop()
    process.exitCode = held ? 0 : Errors.exitCodes.bug
    if (json) Output.json(summary)
    return
  }
  const link = `${running.url}/${summary.incident ? `incidents/${summary.incident}` : ''}#token=${running.token}`
  if (json) Output.json({ ...summary, console: link })
  Output.line(`\nConsole at the incident: ${link}\nStop with Ctrl-C.`)
  if (
    mayOpen &&
    process.stdout.isTTY &&
    (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
  )
    await open(link)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await running.stop()
}

function print(summary: import('../../drill/Demo.ts').Summary): void {
  const eth = (value: number) =>
    `${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ETH`
  Output.line()
  Output.table([
    ['Contained', summary.contained ? 'yes, verified on chain' : 'NO'],
    ['Loss without Firebreak', eth(summary.lossWithoutEth)],
    ['Loss with Firebreak', eth(summary.lossWithEth)],
    [
      'From first malicious transaction to containment',
      `${summary.blocksToContain ?? '–'} ${summary.blocksToContain === 1 ? 'block' : 'blocks'}, ${summary.msToContain ?? '–'} ms`,
    ],
    ['Honest transactions around it', `${summary.honestTransactions} of ${summary.honestKinds} kinds`],
    ['False alerts', String(summary.falseAlerts)],
    ['Report', summary.report ? `${summary.report.html}, ${summary.report.json}` : '–'],
  ])
}

/** In a fresh clone the console is not built yet. */
async function buildConsole(root: string, onProgress: (text: string) => void): Promise<void> {
  if (existsSync(join(root, 'console/dist/index.html'))) return
  onProgress('Building the console')
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', join(root, 'console'), '--logLevel', 'error'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new ConsoleBuildError(complaint)
}

export class NoCloneError extends Errors.BaseError {
  override readonly name = 'demo.NoCloneError'
  constructor() {
    super('The demo needs the contracts of a clone.', {
      remedy: 'operator',
      advice: 'Clone the repository, then run `npm ci && npm run demo` in it.',
    })
  }
}

export class ConsoleBuildError extends Errors.BaseError {
  override readonly name = 'demo.ConsoleBuildError'
  constructor(complaint: string) {
    super('The console could not be built.', { remedy: 'bug', facts: { vite: complaint.slice(-2_000) } })
  }
}
