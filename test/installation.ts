/** A whole installation for stories: a real chain with the drill's world, a real database, the server as in production. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Address, type Hex, numberToHex, toEventSelector } from 'viem'
import type * as Operations from '../src/api/contract/Operations.ts'
import type * as Schemas from '../src/api/contract/Schemas.ts'
import * as Log from '../src/base/Log.ts'
import * as Anvil from '../src/drill/Anvil.ts'
import * as Attack from '../src/drill/Attack.ts'
import * as Rpc from '../src/drill/Rpc.ts'
import * as Sender from '../src/drill/Sender.ts'
import * as Setup from '../src/drill/Setup.ts'
import * as World from '../src/drill/World.ts'
import * as Config from '../src/server/Config.ts'
import * as Server from '../src/server/Server.ts'

export type Ground = Awaited<ReturnType<typeof ground>>

/** A chain with the drill's world on it, and a data directory. Blocks are made by transactions and by `mine`. */
export async function ground(options: Partial<Anvil.Options> = {}) {
  Setup.provideKeys()
  const anvil = await Anvil.start({ chainId: 31_337, ...options })
  const world = await World.deploy({ url: anvil.httpUrl })
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-story-'))
  const rpc = (method: string, ...params: readonly unknown[]) => Rpc.call(anvil.httpUrl, method, params)
  return {
    anvil,
    world,
    directory,
    rpc,
    mine: (blocks: number) => rpc('anvil_mine', numberToHex(blocks)),
    head: async () => BigInt((await rpc('eth_blockNumber')) as Hex),
    /** One malicious transaction. */
    attack: async () => {
      const { rounds } = await Attack.run({ world, rounds: 1 })
      return rounds[0] as Attack.Round
    },
    isPaused: () => World.read(world, 'vault', 'paused') as Promise<boolean>,
    /** Transactions that an account has sent and the chain has taken. */
    nonce: async (address: Address) => Number((await rpc('eth_getTransactionCount', address, 'latest')) as Hex),
    /** How often the vault was paused, by the chain's own record. */
    pauses: async () => {
      const filter = { address: world.contracts.vault.address, topics: [paused], fromBlock: '0x0', toBlock: 'latest' }
      return ((await rpc('eth_getLogs', filter)) as unknown[]).length
    },
    /** Sends a call of one account and returns its hash. */
    send: async (from: Parameters<typeof Sender.sendAll>[1][number]['from'], to: Address, data: Hex) => {
      const sender = Sender.open(world.url, world.chainId, world.accounts)
      const [hash] = await Sender.sendAll(sender, [{ from, to, data, gas: 1_500_000n, maxFeePerGas: 30n * 10n ** 9n }])
      return hash as Hex
    },
    config: (input: Partial<Omit<Setup.Options, 'world' | 'rpc'>> & { readonly with?: Partial<Config.Input> } = {}) =>
      Config.check({
        ...Setup.configuration({ world, rpc: [anvil.wsUrl, anvil.httpUrl], ...input }),
        ...input.with,
      }),
    stop: async () => {
      await anvil.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The drill's configuration as one would write it. */
export function setupOf({ world, anvil }: Pick<Ground, 'world' | 'anvil'>): Config.Input {
  return Setup.configuration({ world, rpc: [anvil.wsUrl, anvil.httpUrl] })
}

const paused = toEventSelector('Paused(address)')

export type Installation = Awaited<ReturnType<typeof start>>

/** Starts the server on a ground. */
export async function start(
  place: Pick<Ground, 'directory' | 'config'>,
  options: Partial<Server.Options> & { readonly setup?: Parameters<Ground['config']>[0] } = {},
) {
  const { setup, ...rest } = options
  const server = await Server.start({
    config: place.config(setup),
    dataDirectory: place.directory,
    ephemeral: true,
    port: 0,
    log: Log.create((process.env.FIREBREAK_TEST_LOG as Log.Level | undefined) ?? 'silent'),
    ...rest,
  })
  return { ...client(server.url, server.token), ...server }
}

/** Speaks to a server as a program with its token would. */
export function client(url: string, token: string) {
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
  const ask = async <answer>(path: string): Promise<answer> => {
    const response = await call(path)
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as answer
  }
  const post = (path: string, body: unknown) => call(path, { method: 'POST', body: JSON.stringify(body) })
  const incident = async (): Promise<Schemas.Incident | undefined> => {
    const [first] = await ask<Schemas.IncidentSummary[]>('/api/incidents')
    return first && ask<Schemas.Incident>(`/api/incidents/${first.id}`)
  }
  return {
    call,
    ask,
    post,
    incident,
    /** The incident, once it has this status. */
    incidentThat: (status: Schemas.IncidentStatus) =>
      until(
        `the incident is ${status}`,
        async () => {
          const now = await incident()
          return now?.status === status ? now : undefined
        },
        async () =>
          JSON.stringify(
            (await incident())?.runs.flatMap(({ steps }) =>
              steps.map((step) => `${step.path}/${step.name} ${step.status} ${step.summary}`),
            ),
            null,
            1,
          ),
      ),
    /** Resolves once a block of this number has been judged. */
    judged: (number: bigint) =>
      until(`block ${number} is judged`, async () => {
        const { chains } = await ask<Operations.Readiness>('/api/readiness')
        return chains.some(({ evaluated }) => evaluated !== null && BigInt(evaluated) >= number) || undefined
      }),
  }
}

/** Asks again and again until there is an answer; fails with what was awaited and, if told, how things stood. */
export async function until<value>(
  what: string,
  look: () => Promise<value | undefined>,
  describe: () => Promise<unknown> = async () => '',
  withinMs = 15_000,
): Promise<value> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await delay(25)) {
    const seen = await look()
    if (seen !== undefined) return seen
  }
  throw new Error(`Within ${withinMs} ms it did not come about that ${what}. ${await describe()}`)
}
