import type { Address } from 'viem'
import type * as Block from '../../chain/Block.ts'
import type { Input } from '../Detector.ts'

/** Transactions to one of `to` that wait to be included. Empty in blocks, and where no endpoint offers the mempool. */
export function pending(options: { readonly to: Address | readonly Address[] }): Input<readonly Block.Transaction[]> {
  const addresses = new Set([options.to].flat().map((address) => address.toLowerCase()))
  return {
    kind: 'pending',
    demand: { pending: true },
    resolve: (facts) =>
      facts.stage === 'pending' ? (facts.pending ?? []).filter(({ to }) => to !== null && addresses.has(to)) : [],
  }
}
