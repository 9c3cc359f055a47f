/** What each account has put into a contract, less what it took out: the ground on which a withdrawal is its own. */
import type { Address } from 'viem'

/** Account and position in the asset's smallest unit, positive where it put in more than it took. */
export type Ledger = readonly (readonly [account: Address, position: bigint])[]

/** How many accounts are kept. */
export const limit = 1024

/** What an account has put in and not taken out again; 0 for one that took more. */
export function credit(ledger: ReadonlyMap<Address, bigint>, account: Address): bigint {
  const position = ledger.get(account) ?? 0n
  return position > 0n ? position : 0n
}

/**
 * The ledger with `changes` added (positive: into the contract). Where it grows past `most` the smallest positions are
 * forgotten: the return of a small one cannot raise an alarm, while a large depositor of long ago must stay known.
 */
export function add(ledger: Ledger, changes: Iterable<readonly [Address, bigint]>, most = limit): Ledger {
  const positions = new Map(ledger)
  for (const [account, change] of changes) {
    const position = (positions.get(account) ?? 0n) + change
    if (position === 0n) positions.delete(account)
    else positions.set(account, position)
  }
  if (positions.size <= most) return [...positions]
  const kept = new Set(
    [...positions]
      .sort(([, a], [, b]) => compare(size(b), size(a)))
      .slice(0, most)
      .map(([account]) => account),
  )
  return [...positions].filter(([account]) => kept.has(account))
}

function size(position: bigint): bigint {
  return position < 0n ? -position : position
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
