/** Servers in processes of their own, so that they can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as Embedded from '../src/store/Embedded.ts'
import type * as Installation from './installation.ts'
import type { Order } from './victim.ts'

/** What a server says of itself before it is ready, or dies. */
export type Word = {
  readonly url?: string
  readonly token?: string
  readonly dies?: string
  readonly error?: string
  readonly message?: string
}

export type Process = {
  readonly pid: number
  /** The first word: ready, dying or refusing to start. */
  readonly first: Promise<Word>
  /** All that was said, once the process is gone; with the signal that ended it. */
  readonly ended: Promise<{
    readonly words: readonly Word[]
    readonly signal: NodeJS.Signals | null
    readonly code: number | null
  }>
  readonly stderr: () => string
  readonly kill: (signal?: NodeJS.Signals) => void
}

/** Starts a server on a ground in a process of its own. */
export function start(place: Installation.Ground, order: Partial<Order> = {}): Process {
  const { world, anvil, directory } = place
  const contracts = Object.fromEntries(Object.entries(world.contracts).map(([name, { address }]) => [name, address]))
  const whole: Order = {
    directory,
    rpc: [anvil.wsUrl, anvil.httpUrl],
    chainId: world.chainId,
    readyAt: world.readyAt.toString(),
    contracts: contracts as Order['contracts'],
    ...order,
  }
  const script = fileURLToPath(new URL('victim.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--conditions=source', script, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk))
  const words: Word[] = []
  let hear: (word: Word) => void = () => {}
  const first = new Promise<Word>((resolve) => (hear = resolve))
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    words.push(JSON.parse(line))
    hear(JSON.parse(line))
  })
  const ended = new Promise<Awaited<Process['ended']>>((resolve) =>
    child.once('close', (code, signal) => {
      hear({ error: 'ended', message: stderr })
      resolve({ words, signal, code })
    }),
  )
  return {
    pid: child.pid as number,
    first,
    ended,
    stderr: () => stderr,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  }
}

/** Ends the database that killed servers left behind, and removes it. */
export async function clear({ directory }: Installation.Ground): Promise<void> {
  const postgres = await Embedded.start({ directory })
  await postgres.remove()
}
