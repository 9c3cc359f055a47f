/**
 * A server in a process of its own that kills itself, as `kill -9` does, at a point it has not been killed at before.
 * Takes one argument, JSON; writes one JSON object a line: where it dies, or where it is ready.
 */
import { writeSync } from 'node:fs'
import type { Address } from 'viem'
import * as Log from '../src/base/Log.ts'
import { webhook } from '../src/comms/channels/webhook.ts'
import * as Accounts from '../src/drill/Accounts.ts'
import * as Setup from '../src/drill/Setup.ts'
import type * as World from '../src/drill/World.ts'
import * as Config from '../src/server/Config.ts'
import * as Server from '../src/server/Server.ts'

export type Order = {
  readonly directory: string
  readonly rpc: readonly string[]
  readonly chainId: number
  readonly readyAt: string
  readonly contracts: Readonly<Record<string, Address>>
  readonly setup?: Pick<Setup.Options, 'paths' | 'approvals'> | undefined
  /** Where announcements go, if anywhere. */
  readonly hook?: string | undefined
  /** Points at which to live on. Every other point of `kill` is the last. */
  readonly survived?: readonly string[] | undefined
  /** Points, as `before guardian/sign`, that begin so or end so are deadly; none if left out. */
  readonly kill?: { readonly block: string; readonly steps: boolean } | undefined
  readonly port?: number | undefined
  readonly logLevel?: Log.Level | undefined
}

const order = JSON.parse(process.argv[2] as string) as Order
const tell = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)

const probe: Server.Options['probe'] = (when, step) => {
  const point = `${when} ${step}`
  if (!order.kill || order.survived?.includes(point)) return
  if (step.startsWith('block ') ? step !== `block ${order.kill.block}` : !order.kill.steps) return
  tell({ dies: point })
  process.kill(process.pid, 'SIGKILL')
  // The signal ends the process before anything else runs.
  for (;;);
}

Setup.provideKeys()
const contracts = Object.fromEntries(Object.entries(order.contracts).map(([name, address]) => [name, { address }]))
const world = {
  chainId: order.chainId,
  readyAt: BigInt(order.readyAt),
  accounts: Accounts.derive(),
  contracts,
} as unknown as World.World
const channels = order.hook ? { ops: webhook({ url: order.hook, secret: 'a secret of the test' }) } : undefined
try {
  const server = await Server.start({
    config: Config.check(Setup.configuration({ world, rpc: order.rpc, channels, ...order.setup })),
    dataDirectory: order.directory,
    port: order.port ?? 0,
    log: Log.create(order.logLevel ?? 'silent'),
    probe,
  })
  tell({ url: server.url, token: server.token })
  process.once('SIGTERM', () => void server.stop().then(() => process.exit()))
} catch (thrown) {
  const { name, message } = thrown as Error
  tell({ error: name, message })
  process.exit(1)
}
