/** A token as detectors read it, and what of it flowed into and out of a contract. */
import { type Address, type Hash, parseAbi, zeroAddress } from 'viem'
import * as Amount from '../../base/Amount.ts'
import type * as Block from '../../chain/Block.ts'
import type { DecodedLog } from '../inputs/logs.ts'
import * as Account from './Account.ts'

export type Asset = { readonly address: Address; readonly decimals: number; readonly symbol: string }

/**
 * ERC-20 transfers, and the wrapping and unwrapping of the native asset, for which WETH9 emits no transfer
 * (https://github.com/gnosis/canonical-weth/blob/master/contracts/WETH9.sol).
 */
export const events = parseAbi([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Deposit(address indexed dst, uint256 wad)',
  'event Withdrawal(address indexed src, uint256 wad)',
])

export const views = parseAbi([
  'function balanceOf(address account) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
])

/** One transfer; the zero address stands for minting, burning, wrapping and unwrapping. */
export type Movement = {
  readonly asset: Address
  readonly from: Address
  readonly to: Address
  readonly value: bigint
  readonly logIndex: number
  readonly transactionHash: Hash
}

/** What one transaction moved into and out of a contract, in the asset's smallest unit. */
export type Flow = {
  readonly transactionHash: Hash
  /** What left less what came; negative where more came. */
  readonly net: bigint
  /** What each counterparty put in (positive) or took (negative). */
  readonly accounts: ReadonlyMap<Address, bigint>
}

/** The movements behind decoded logs, in their order. */
export function movements(logs: readonly DecodedLog<typeof events>[]): readonly Movement[] {
  const transfers = new Set(
    logs.filter(({ eventName }) => eventName === 'Transfer').map((log) => identity(toMovement(log))),
  )
  // Some wrapped natives emit both a transfer from or to zero and the event of WETH9; it is one movement.
  return logs.filter((log) => log.eventName === 'Transfer' || !transfers.has(identity(toMovement(log)))).map(toMovement)
}

/**
 * The flows of `contract` by transaction, in order of execution. A counterparty that is nobody (unwrapping), or one of
 * `intermediaries`, through whom many act, gives way to the sender of the transaction.
 */
export function flows(
  moves: readonly Movement[],
  contract: Address,
  transactions: readonly Block.Transaction[],
  intermediaries: ReadonlySet<Address> = new Set(),
): readonly Flow[] {
  const senders = new Map(transactions.map(({ hash, from }) => [hash, from]))
  const found = new Map<Hash, { transactionHash: Hash; net: bigint; accounts: Map<Address, bigint> }>()
  for (const { from, to, value, transactionHash } of moves) {
    if ((from === contract) === (to === contract)) continue
    const change = to === contract ? value : -value
    const met = to === contract ? from : to
    const account = met === zeroAddress || intermediaries.has(met) ? (senders.get(transactionHash) ?? met) : met
    const flow = found.get(transactionHash) ?? { transactionHash, net: 0n, accounts: new Map() }
    flow.net -= change
    flow.accounts.set(account, (flow.accounts.get(account) ?? 0n) + change)
    found.set(transactionHash, flow)
  }
  return [...found.values()]
}

/** Ten-thousandths of `whole` that `part` is, 0 to 10,000; all of it where `whole` is nothing. */
export function basisPoints(part: bigint, whole: bigint): number {
  if (part <= 0n) return 0
  return part >= whole ? 10_000 : Number((part * 10_000n) / whole)
}

/** An amount of the asset for a reader, for example `1,234.57 WETH`. */
export function format({ decimals, symbol }: Asset, units: bigint): string {
  return Amount.format({ units, decimals, symbol })
}

/** Basis points as a percentage for a reader, for example `62 %` or `0.4 %`. */
export function percent(basisPoints: number): string {
  return `${basisPoints >= 1_000 ? Math.round(basisPoints / 100) : Math.round(basisPoints / 10) / 10} %`
}

function toMovement(log: DecodedLog<typeof events>): Movement {
  const { logIndex, transactionHash, address: asset } = log
  const at = { asset, logIndex, transactionHash }
  if (log.eventName === 'Deposit')
    return { ...at, from: zeroAddress, to: Account.lower(log.args.dst), value: log.args.wad }
  if (log.eventName === 'Withdrawal')
    return { ...at, from: Account.lower(log.args.src), to: zeroAddress, value: log.args.wad }
  return { ...at, from: Account.lower(log.args.from), to: Account.lower(log.args.to), value: log.args.value }
}

function identity({ asset, from, to, value, transactionHash }: Movement): string {
  return `${transactionHash}:${asset}:${from}:${to}:${value}`
}
