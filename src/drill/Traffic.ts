/** Honest use of the drill's world: planned from a seed, sent block by block, and counted. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Hex, numberToHex } from 'viem'
import type { Name } from './Accounts.ts'
import * as Intent from './Intent.ts'
import * as Random from './Random.ts'
import * as Rpc from './Rpc.ts'
import * as Sender from './Sender.ts'
import * as World from './World.ts'

/** What is wanted, block by block. */
export type Plan = readonly (readonly Intent.Intent[])[]

export type PlanOptions = {
  readonly random: Random.Random
  /** How many blocks to fill; 60 by default. */
  readonly blocks?: number | undefined
  /** Transactions in a block, give or take three; 12 by default. */
  readonly perBlock?: number | undefined
  /** The block of the plan, from 0, in which the whale takes back what it supplied in block 1; a third of the way by default. */
  readonly largeRedeemAt?: number | undefined
}

/**
 * What became of a transaction.
 *
 * - `pending`: sent, not yet seen in a block.
 * - `success`, `reverted`: as the receipt says.
 * - `paused`: reverted because the vault was paused, which is what a pause is for.
 * - `refused`: the endpoint did not take it.
 * - `missing`: still not in a block when the run ended.
 */
export type Status = 'pending' | 'success' | 'reverted' | 'paused' | 'refused' | 'missing'

export type Sent = {
  readonly kind: Intent.Kind
  readonly from: Name
  /** Absent when the endpoint refused the transaction. */
  readonly hash?: Hex | undefined
  readonly blockNumber?: bigint | undefined
  readonly status: Status
}

export type RunOptions = {
  readonly world: World.World
  readonly plan: Plan
  /** Ends the sending; what was sent is still followed to its block. */
  readonly signal?: AbortSignal | undefined
  /** Called for each transaction when it is sent, and again when it is in a block. */
  readonly onChange?: ((sent: Sent) => void) | undefined
}

/** Milliseconds between looks at the head of the chain. */
const glance = 25
/** Milliseconds to wait for the last transactions once everything is sent. */
const patience = 10_000

/**
 * Plans honest traffic: drawn intents, and among them every fifth block a large trade on the second exchange with an
 * arbitrage in the block after, now and then a change of the borrow cap by the Safe, and a whale that comes and goes.
 * The same random sequence gives the same plan. Pure.
 *
 * @example
 * Traffic.plan({ random: Random.seeded(1), blocks: 20 }).flat().length // 238
 */
export function plan({ random, blocks = 60, perBlock = 12, ...options }: PlanOptions): Plan {
  const { largeRedeemAt = Math.floor(blocks / 3) } = options
  return Array.from({ length: blocks }, (_, block) => {
    const planned: Intent.Kind[] = []
    if (block % 10 === 2) planned.push('buyElsewhere')
    if (block % 10 === 7) planned.push('sellElsewhere')
    if (block % 5 === 3) planned.push('arbitrage')
    if (block % 20 === 9) planned.push('setBorrowCap')
    if (block === 1) planned.push('largeSupply')
    if (block === largeRedeemAt && block > 1) planned.push('largeRedeem')
    const count = Math.max(0, Random.integer(random, perBlock - 3, perBlock + 3) - planned.length)
    const drawn = Array.from({ length: count }, () => Intent.draw(random))
    return [...planned.map((kind) => Intent.make(random, kind)), ...drawn]
  })
}

/**
 * Sends the plan, each block of it once the chain has a new block, and resolves when every transaction has a status.
 * Throws an `RpcError` when the endpoint goes away.
 */
export async function run({ world, plan, signal, onChange }: RunOptions): Promise<readonly Sent[]> {
  const sender = Sender.open(world.url, world.chainId, world.accounts)
  const all: Sent[] = []
  const places = new Map<Hex, number>()
  const set = (place: number, sent: Sent) => {
    all[place] = sent
    onChange?.(sent)
  }
  const settle = (mined: readonly Mined[]) => {
    for (const { hash, ...found } of mined) {
      const place = places.get(hash)
      if (place === undefined) continue
      set(place, { ...all[place]!, ...found })
      places.delete(hash)
    }
  }
  let head = await height(world.url)
  const advance = async (deadline: number, until?: AbortSignal) => {
    const next = await newHead(world.url, head, deadline, until)
    settle(await minedBetween(world, head + 1n, next, kindOf))
    head = next
  }
  const kindOf = (hash: Hex) => {
    const place = places.get(hash)
    return place === undefined ? undefined : all[place]!.kind
  }
  for (const intents of plan) {
    if (signal?.aborted) break
    const transactions = await Promise.all(intents.map((intent) => Intent.transaction(world, intent)))
    const outcomes = await Sender.send(sender, transactions)
    const first = all.length
    outcomes.forEach((outcome, index) => {
      const { kind, from } = intents[index]!
      if ('hash' in outcome) places.set(outcome.hash, all.length)
      set(
        all.length,
        'hash' in outcome ? { kind, from, hash: outcome.hash, status: 'pending' } : { kind, from, status: 'refused' },
      )
    })
    await advance(Number.POSITIVE_INFINITY, signal)
    // The new block may have been closed before this batch reached it: the batch then has the next one to itself.
    if (all.slice(first).every(({ status }) => status === 'pending')) await advance(Number.POSITIVE_INFINITY, signal)
  }
  const deadline = performance.now() + patience
  while (places.size > 0 && performance.now() < deadline) await advance(deadline)
  for (const place of places.values()) set(place, { ...all[place]!, status: 'missing' })
  return all
}

export type Tally = {
  readonly total: number
  readonly byKind: Readonly<Partial<Record<Intent.Kind, number>>>
  readonly byStatus: Readonly<Partial<Record<Status, number>>>
}

/** Counts transactions by kind and by status. */
export function tally(sent: readonly Sent[]): Tally {
  const byKind: Partial<Record<Intent.Kind, number>> = {}
  const byStatus: Partial<Record<Status, number>> = {}
  for (const { kind, status } of sent) {
    byKind[kind] = (byKind[kind] ?? 0) + 1
    byStatus[status] = (byStatus[status] ?? 0) + 1
  }
  return { total: sent.length, byKind, byStatus }
}

async function height(url: string): Promise<bigint> {
  return BigInt((await Rpc.call(url, 'eth_blockNumber')) as Hex)
}

async function newHead(url: string, last: bigint, deadline: number, signal?: AbortSignal): Promise<bigint> {
  for (;;) {
    const head = await height(url)
    if (head > last || signal?.aborted || performance.now() > deadline) return head
    await delay(glance)
  }
}

type Mined = { readonly hash: Hex; readonly blockNumber: bigint; readonly status: 'success' | 'reverted' | 'paused' }
type Receipt = { readonly transactionHash: Hex; readonly blockNumber: Hex; readonly status: Hex }

/** The receipts of whole blocks, in one request however many blocks there are. */
async function minedBetween(
  world: World.World,
  first: bigint,
  last: bigint,
  kindOf: (hash: Hex) => Intent.Kind | undefined,
): Promise<readonly Mined[]> {
  const calls: Rpc.Call[] = []
  for (let block = first; block <= last; block++) calls.push(['eth_getBlockReceipts', [numberToHex(block)]])
  const receipts = ((await Rpc.all(world.url, calls)) as readonly (readonly Receipt[])[]).flat()
  return Promise.all(
    receipts.map(async ({ transactionHash: hash, blockNumber, status }) => {
      const found = { hash, blockNumber: BigInt(blockNumber) }
      if (status === '0x1') return { ...found, status: 'success' }
      const kind = kindOf(hash)
      const paused = kind !== undefined && Intent.vaultKinds.has(kind) && (await pausedAround(world, found.blockNumber))
      return { ...found, status: paused ? 'paused' : 'reverted' }
    }),
  )
}

/** Whether the vault was paused at the start or at the end of a block. */
async function pausedAround(world: World.World, block: bigint): Promise<boolean> {
  const answers = await Promise.all([block - 1n, block].map((at) => World.read(world, 'vault', 'paused', [], at)))
  return answers.includes(true)
}
