/** A local chain in a process of its own: started on a private port, ended with the process that started it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { BaseError } from '../base/Errors.ts'
import * as Rpc from './Rpc.ts'

export type Options = {
  readonly chainId: number
  /** Seconds between blocks, fractions allowed. Without it every transaction is mined at once, in a block of its own. */
  readonly blockTime?: number | undefined
  /** A fixed port. Without it the operating system picks a free one. */
  readonly port?: number | undefined
  /** Further arguments for the binary, such as `['--no-mining']`; not `--silent`, since its banner tells the port. */
  readonly args?: readonly string[] | undefined
}

export type Anvil = {
  readonly httpUrl: string
  readonly wsUrl: string
  readonly chainId: number
  readonly pid: number
  /** Ends the process and resolves when it is gone. Calling it again does nothing. */
  readonly stop: () => Promise<void>
}

/** How long a start may take, in milliseconds; it takes about 60. */
const patience = 10_000

/**
 * Starts anvil on 127.0.0.1 and resolves once it answers with the chain id asked for.
 *
 * Within a block, transactions are ordered by `maxFeePerGas`, highest first, and by arrival in ties.
 * The process ends with `stop`, or when this process exits, fails or is interrupted.
 *
 * Throws an `AnvilError` when there is no binary for this machine, or when anvil ends before it answers.
 *
 * @example
 * const chain = await Anvil.start({ chainId: 31337 })
 * chain.httpUrl // 'http://127.0.0.1:35663'
 * await chain.stop()
 */
export async function start(options: Options): Promise<Anvil> {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-anvil-'))
  const banner = join(directory, 'banner')
  // A file rather than a pipe: anvil tells its port there, and nothing of ours stays open in a process we may leave.
  const output = openSync(banner, 'w')
  let child: ChildProcess
  try {
    child = spawn(binary(), argumentsOf(options), { stdio: ['ignore', output, output] })
  } catch (cause) {
    rmSync(directory, { recursive: true, force: true })
    throw cause
  } finally {
    closeSync(output)
  }
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  // A chain that nobody stops must not keep its parent alive; the exit hook ends it.
  child.unref()
  keep(child, ended)
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    child.ref()
    await ended
  }
  try {
    const httpUrl = await listening(child, banner, options.chainId)
    return { httpUrl, wsUrl: httpUrl.replace('http', 'ws'), chainId: options.chainId, pid: child.pid!, stop }
  } catch (cause) {
    await stop()
    throw cause
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * The path of the native anvil binary: `FIREBREAK_ANVIL` if set, else the one of the installed platform package.
 * Throws an `AnvilError` with advice where there is none.
 */
export function binary(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = environment.FIREBREAK_ANVIL
  if (chosen) {
    if (existsSync(chosen)) return chosen
    throw new AnvilError('FIREBREAK_ANVIL names a file that does not exist.', {
      facts: { FIREBREAK_ANVIL: chosen },
      advice: 'Point it at an anvil binary, or unset it to use the installed one.',
    })
  }
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const wanted = `@foundry-rs/anvil-${process.platform}-${architecture}`
  try {
    // The platform package is a dependency of the wrapper, so it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    return createRequire(wrapper).resolve(`${wanted}/bin/anvil`)
  } catch (cause) {
    throw new AnvilError('There is no anvil for this machine.', {
      facts: { wanted, platform: process.platform, architecture: process.arch },
      advice:
        'Install with optional dependencies (npm install --include=optional), or set FIREBREAK_ANVIL to a binary.',
      cause,
    })
  }
}

function argumentsOf({ chainId, blockTime, port = 0, args = [] }: Options): readonly string[] {
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId), '--order', 'fees'],
    ...(blockTime === undefined ? [] : ['--block-time', String(blockTime)]),
    ...args,
  ]
}

/** Waits until anvil has written where it listens and answers there. The port is ours, since our child reported it. */
async function listening(child: ChildProcess, banner: string, chainId: number): Promise<string> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await delay(4)) {
    const written = readFileSync(banner, 'utf8')
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      throw endedEarly(child, written)
    const address = /Listening on (\S+)/.exec(written)?.[1]
    if (!address) continue
    const url = `http://${address}`
    const [answered] = await Rpc.all(url, [['eth_chainId'], ['anvil_setLoggingEnabled', [false]]])
    if (Number(answered) === chainId) return url
    throw new AnvilError('Anvil answered with another chain id.', { facts: { url, wanted: chainId, answered } })
  }
  throw new AnvilError('Anvil did not start in time.', { facts: { waitedMilliseconds: patience }, remedy: 'retry' })
}

function endedEarly(child: ChildProcess, written: string): AnvilError {
  return new AnvilError('Anvil ended before it answered.', {
    facts: { exitCode: child.exitCode, signal: child.signalCode, output: written.trim().slice(-400) },
    advice: 'A fixed port may be taken, or FIREBREAK_ANVIL may name a binary that does not run here.',
  })
}

const alive = new Set<ChildProcess>()
const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
let hooked = false

function keep(child: ChildProcess, ended: Promise<void>): void {
  alive.add(child)
  void ended.then(() => alive.delete(child))
  if (hooked) return
  hooked = true
  process.on('exit', endAll)
  for (const signal of interruptions) process.on(signal, interrupted)
}

function endAll(): void {
  for (const child of alive) child.kill('SIGKILL')
}

function interrupted(signal: NodeJS.Signals): void {
  // Whoever else listens decides what the signal means and will exit in its own time; the exit hook follows.
  if (process.listenerCount(signal) > 1) return
  endAll()
  process.off(signal, interrupted)
  process.kill(process.pid, signal)
}

/** There is no chain to be had: no binary, or one that does not come up. */
export class AnvilError extends BaseError {
  override readonly name = 'AnvilError'
  constructor(
    shortMessage: string,
    options: { facts: Record<string, unknown>; advice?: string; cause?: unknown; remedy?: 'config' | 'retry' },
  ) {
    super(shortMessage, { remedy: 'config', ...options })
  }
}
