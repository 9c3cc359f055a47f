/** A real local chain on which detectors are rehearsed: what happened on it is read back as the server would read it. */
import { fileURLToPath } from 'node:url'
import {
  type Abi,
  type Address,
  createTestClient,
  createWalletClient,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  http,
  parseAbi,
  publicActions,
} from 'viem'
import * as Log from '../src/base/Log.ts'
import type * as Block from '../src/chain/Block.ts'
import * as Chain from '../src/chain/Chain.ts'
import * as Facts from '../src/chain/Facts.ts'
import * as Fetch from '../src/chain/Fetch.ts'
import type * as Detector from '../src/detector/Detector.ts'
import * as Engine from '../src/detector/Engine.ts'
import type * as Finding from '../src/detector/Finding.ts'
import * as Accounts from '../src/drill/Accounts.ts'
import * as Anvil from '../src/drill/Anvil.ts'
import * as Compile from '../src/drill/Compile.ts'

export type Rehearsal = Awaited<ReturnType<typeof open>>

/** Starts a chain; `stop` ends it. */
export async function open(options: Omit<Anvil.Options, 'chainId'> & { readonly chainId?: number } = {}) {
  const { chainId = 31_337 } = options
  const anvil = await Anvil.start({ ...options, chainId })
  const chain = await Chain.open({
    name: 'local',
    chain: `eip155:${chainId}`,
    endpoints: [anvil.httpUrl],
    log: Log.create('silent'),
  })
  const client = createTestClient({ mode: 'anvil', transport: http(anvil.httpUrl), pollingInterval: 10 }).extend(
    publicActions,
  )
  const accounts = Accounts.derive()
  for (const { address } of Object.values(accounts)) await client.setBalance({ address, value: 10n ** 23n })
  const wallet = (name: Accounts.Name) =>
    createWalletClient({ account: accounts[name].signer, transport: http(anvil.httpUrl) })

  /** Sends a transaction as `from`, whether it succeeds or not, and returns its block's number. */
  const send = async (
    from: Accounts.Name,
    request: { readonly to?: Address; readonly data?: Hex; readonly value?: bigint },
  ) => {
    const hash = await wallet(from).sendTransaction({ chain: null, gas: 6_000_000n, ...request })
    const { blockNumber, contractAddress, status } = await client.waitForTransactionReceipt({
      hash,
      pollingInterval: 10,
    })
    return { hash, blockNumber, contractAddress, status }
  }
  /** Sends many transactions of one account into one block and returns its number. */
  const sendTogether = async (
    from: Accounts.Name,
    requests: readonly { readonly to: Address; readonly data: Hex }[],
  ) => {
    const first = await client.getTransactionCount({ address: accounts[from].address })
    await client.setAutomine(false)
    try {
      for (const [index, request] of requests.entries())
        await wallet(from).sendTransaction({ chain: null, gas: 200_000n, nonce: first + index, ...request })
      await client.mine({ blocks: 1 })
    } finally {
      await client.setAutomine(true)
    }
    return client.getBlockNumber({ cacheTime: 0 })
  }
  /** Sends a transaction that waits, while nothing is mined. */
  const sendPending = (from: Accounts.Name, request: { readonly to: Address; readonly data: Hex }) =>
    wallet(from).sendTransaction({ chain: null, gas: 200_000n, ...request })
  /** The transactions that wait, as the server is told of them. */
  const pending = async (): Promise<readonly Block.Transaction[]> => {
    const { pending: waiting } = await client.getTxpoolContent()
    return Object.values(waiting).flatMap((byNonce) =>
      Object.values(byNonce).map(({ hash, from, to, input, value, nonce }) => {
        return {
          hash,
          index: 0,
          from: from.toLowerCase() as Address,
          to: (to?.toLowerCase() ?? null) as Address | null,
          input,
          value: BigInt(value),
          nonce: Number(nonce),
        }
      }),
    )
  }
  const deploy = async (
    from: Accounts.Name,
    artifact: { readonly abi: Abi; readonly bytecode: Hex },
    args: readonly unknown[] = [],
  ): Promise<Address> => {
    const { contractAddress, status } = await send(from, { data: encodeDeployData({ ...artifact, args }) })
    if (status !== 'success') throw new Error('A contract of the test could not be deployed.')
    return (contractAddress as Address).toLowerCase() as Address
  }
  /** The facts of blocks `first` to `last`, with all that the detectors demand. */
  const facts = async (
    detectors: readonly Detector.Any[],
    first: bigint,
    last?: bigint,
  ): Promise<readonly Facts.Facts[]> => {
    const demand = Facts.union(
      detectors.flatMap((detector) => Object.values(detector.inputs as Detector.Inputs).map((input) => input.demand)),
    )
    const end = last ?? (await client.getBlockNumber({ cacheTime: 0 }))
    const found: Facts.Facts[] = []
    for (let number = first; number <= end; number++) found.push(await Fetch.facts(chain, number, demand))
    return found
  }
  const stop = async () => {
    chain.close()
    await anvil.stop()
  }
  return { anvil, chain, client, accounts, send, sendTogether, sendPending, pending, deploy, facts, stop }
}

/** The contracts of `test/contracts`: an actor that does what it is told, an open token, a gate with a gap. */
export async function artifacts() {
  const made = await Compile.contracts({ directory: fileURLToPath(new URL('contracts', import.meta.url)) })
  return made as Readonly<Record<'Actor' | 'OpenToken' | 'Gate' | 'GateProxy', Compile.Artifact>>
}

/** The calldata for an `Actor` to make these calls, one after the other, in one transaction. */
export function run(...calls: readonly (readonly [to: Address, data: Hex])[]): Hex {
  return encodeFunctionData({
    abi: actor,
    functionName: 'run',
    args: [calls.map(([to]) => to), calls.map(([, data]) => data)],
  })
}

/** The calldata for an `Actor` to emit a log. */
export function emit(topics: readonly Hex[], data: Hex = '0x'): Hex {
  return encodeFunctionData({ abi: actor, functionName: 'emitLog', args: [topics, data] })
}

const actor = parseAbi([
  'function run(address[] targets, bytes[] data)',
  'function emitLog(bytes32[] topics, bytes content)',
])

export type Replayed = { readonly findings: readonly Finding.Finding[]; readonly states: Engine.States }

const context = { deploymentId: 'rehearsal', ruleSetVersion: 'rehearsal', now: new Date(0) }

/** Folds the detectors over blocks, from `states` on. */
export function replay(
  detectors: readonly Detector.Any[],
  blocks: readonly Facts.Facts[],
  states: Engine.States = new Map(),
): Replayed {
  const findings: Finding.Finding[] = []
  const current = new Map(states)
  const window = Math.max(1, ...detectors.map((detector) => detector.window ?? 1))
  blocks.forEach((_, index) => {
    const outcome = Engine.evaluate(
      detectors,
      blocks.slice(Math.max(0, index + 1 - window), index + 1),
      current,
      context,
    )
    findings.push(...outcome.findings)
    for (const [name, state] of outcome.states) current.set(name, state)
  })
  return { findings, states: current }
}

/** The findings in one line each, for reading in a test. */
export function lines(findings: readonly Finding.Finding[]): readonly string[] {
  return findings.map(
    ({ severity, detector, blockNumber, confidence, sentence }) =>
      `${severity} ${detector} ${blockNumber} ${confidence.toFixed(2)} ${sentence}`,
  )
}
