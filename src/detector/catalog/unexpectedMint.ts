import { type Abi, type Address, zeroAddress } from 'viem'
import * as Json from '../../base/Json.ts'
import * as Detector from '../Detector.ts'
import type * as Finding from '../Finding.ts'
import { calls } from '../inputs/calls.ts'
import { group } from '../inputs/group.ts'
import { logs } from '../inputs/logs.ts'
import { read } from '../inputs/read.ts'
import * as Account from './Account.ts'
import * as Asset from './Asset.ts'
import * as History from './History.ts'

export type Options = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  readonly token: Asset.Asset
  /** Who may mint: a sender, the contract it calls, or, with `functions`, whoever calls the token. Anyone if left out. */
  readonly minters?: readonly Address[] | undefined
  /** The token's minting functions. With these the caller itself is judged, from traces, not the sender. */
  readonly functions?: Abi | undefined
  /** The most that is minted in one block, net, in the token's smallest unit. */
  readonly maxPerBlock?: bigint | undefined
  /** Mints seen before the history is consulted. 20 */
  readonly minObservations?: number | undefined
}

type State = { readonly history: History.History }
type Mint = {
  readonly amount: bigint
  readonly before: bigint | undefined
  readonly by: readonly Address[]
  readonly comparison: History.Comparison | undefined
}
type Verdict = { readonly severity: Finding.Severity; readonly confidence: number; readonly says: string }

/**
 * Recognises tokens that come into being by the wrong hand or in the wrong amount.
 *
 * It works because a mint must emit a transfer from the zero address for wallets and exchanges to credit it, so that an
 * attacker who wants to sell cannot hide it. Three things are judged: who minted, a limit for each block, and how much
 * of all tokens is new against the token's own history. Counter-evidence: what is burned again in the same transaction
 * (a flash mint), and the first mint of a token, which dilutes nobody.
 *
 * Without `functions` a mint counts as allowed where its sender or the contract it called is a minter; an attacker who
 * goes through an allowed contract (a bridge with a flaw) then shows by the amount only.
 */
export function unexpectedMint(options: Options) {
  const { chain, system, minters, functions = [], maxPerBlock, minObservations = History.enough } = options
  const token = { ...options.token, address: Account.lower(options.token.address) }
  const allowed = minters && Account.set(minters)
  const traced = functions.length > 0

  const judge = (mint: Mint): Verdict | undefined => {
    const { amount, before, by, comparison } = mint
    // Part of all tokens after the mint that is new: what every other holder lost of its share.
    const dilution = before ? Asset.basisPoints(amount, before + amount) : 0
    const stranger = allowed && !by.some((address) => allowed.has(address))
    const who = by.map(Account.brief).join(' through ')
    // Whoever can mint once can mint without end. Under a hundredth it may still be a minter that nobody listed.
    if (stranger)
      return {
        severity: dilution >= 100 ? 'P1' : 'P2',
        confidence: dilution >= 100 ? 0.95 : 0.8,
        says: `by ${who}, who is not a minter`,
      }
    const unusual = comparison && History.isUnusual(comparison)
    // More than half of all tokens are new: whatever they are sold for comes from those who held the others. At the
    // beginning of a token's life that is how it is handed out, so without a history a listed minter may, and nobody
    // is woken for another.
    if (dilution >= 5_000 && !unusual && (comparison || !allowed))
      return { severity: comparison ? 'P2' : 'P3', confidence: 0.5, says: 'more than there were before' }
    if (dilution >= 5_000 && unusual)
      return {
        severity: 'P1',
        confidence: History.confidence(comparison),
        says: 'more than there were before, and far more than is usual for it',
      }
    if (!unusual || dilution < 100) return undefined
    // A tenth is more than any pool of a token can take without its price breaking; a hundredth is worth a look by day.
    return {
      severity: dilution >= 1_000 ? 'P2' : 'P3',
      confidence: History.confidence(comparison),
      says: 'far more than is usual for it',
    }
  }

  return Detector.define({
    name: options.name ?? `unexpectedMint:${system}`,
    version: '1.0.0',
    chain,
    system,
    inputs: {
      movements: logs({ address: token.address, events: Asset.events }),
      supply: read({ address: token.address, abi: Asset.views, functionName: 'totalSupply', optional: true }),
      calls: group(traced ? { minting: calls({ address: token.address, functions }) } : {}),
    },
    initial: { history: [] } as State,
    parameters: Json.encode({ token, minters, functions, maxPerBlock, minObservations }) as Json.Json,
    evaluate: ({ block, state }) => {
      // Asking for calls brings waiting transactions too; those are for `strangerCall`.
      if (block.stage === 'pending') return { state, findings: [] }
      // Seen from zero, minting leaves and burning returns.
      const flows = Asset.flows(Asset.movements(block.inputs.movements), zeroAddress, block.transactions)
      const total = flows.reduce((sum, { net }) => sum + net, 0n)
      let before = block.inputs.supply === undefined ? undefined : block.inputs.supply - total
      let { history } = state
      const findings: Finding.Draft[] = []
      for (const { net: amount, transactionHash } of flows) {
        if (amount > 0n) {
          const transaction = block.transactions.find(({ hash }) => hash === transactionHash)
          const sent = transaction
            ? [transaction.from, ...(transaction.to && transaction.to !== token.address ? [transaction.to] : [])]
            : []
          const callers = (block.inputs.calls.minting ?? [])
            .filter((call) => call.transactionHash === transactionHash && call.succeeded && call.kind !== 'staticcall')
            .map(({ caller }) => caller)
          const by = traced && callers.length > 0 ? [...new Set(callers)] : sent
          const comparison = History.compare(history, amount, minObservations)
          const verdict = judge({ amount, before, by, comparison })
          if (verdict)
            findings.push(
              draft(transactionHash, verdict, amount, before, {
                transactionHash,
                actors: [...new Set([...sent, ...by])],
              }),
            )
          history = History.record(history, amount)
        }
        if (before !== undefined) before += amount
      }
      if (maxPerBlock !== undefined && total > maxPerBlock) {
        const says = `in one block, where at most ${Asset.format(token, maxPerBlock)} are expected`
        findings.push(
          draft(
            'block',
            { severity: 'P2', confidence: 0.9, says },
            total,
            block.inputs.supply === undefined ? undefined : block.inputs.supply - total,
            {},
          ),
        )
      }
      return { state: history === state.history ? state : { history }, findings }
    },
  })

  function draft(
    key: string,
    { severity, confidence, says }: Verdict,
    amount: bigint,
    before: bigint | undefined,
    rest: Partial<Finding.Draft>,
  ): Finding.Draft {
    const share =
      before === undefined || before <= 0n
        ? ''
        : `, ${Asset.percent(Number((amount * 10_000n) / before))} of all there were,`
    return {
      key,
      severity,
      confidence,
      sentence: `${Asset.format(token, amount)}${share} came into being: ${says}.`,
      subject: token.address,
      values: { token: token.address, amount, supplyBefore: before ?? null },
      ...rest,
    }
  }
}
