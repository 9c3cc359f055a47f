import { type Abi, type Address, getContractAddress, parseAbi } from 'viem'
import * as Json from '../../base/Json.ts'
import type * as Block from '../../chain/Block.ts'
import * as Detector from '../Detector.ts'
import type * as Finding from '../Finding.ts'
import { group } from '../inputs/group.ts'
import { logs } from '../inputs/logs.ts'
import { read } from '../inputs/read.ts'
import * as Account from './Account.ts'
import * as Power from './Power.ts'

/**
 * A change announced beforehand: every field given must match, and one must be given. `sender` is who sends the
 * transaction, `holder` who receives the power (the new owner, the new implementation, the module).
 */
export type Expected = { readonly sender?: Address | undefined; readonly holder?: Address | undefined }

export type Options = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  readonly contracts: readonly Address[]
  /** Those of `contracts` that are Safes: their threshold is read in each block, so that lowering is told from raising. */
  readonly safes?: readonly Address[] | undefined
  readonly expected?: readonly Expected[] | undefined
  /** Further events of these contracts by which power changes hands; P2. */
  readonly also?: Abi | undefined
}

const threshold = parseAbi(['function getThreshold() view returns (uint256)'])

type State = { readonly [safe: Address]: bigint }

/**
 * Recognises that power over a protected contract changes hands: ownership, roles, proxy code and admin, Safe signers,
 * threshold, modules and guards, guardians.
 *
 * It works because the libraries in wide use (OpenZeppelin 5, ERC-1967, Safe 1.1 to 1.5, Compound) tell each such change
 * by an event, and because a takeover is most often seen one step before the money leaves. It stays quiet where the
 * contract's own constructor speaks and where nothing changed; what was announced (`expected`) is P4.
 *
 * It does not see a storage slot written without an event, as by a delegatecall from a Safe (Bybit, February 2025):
 * watch `owner()` or a Safe's `getStorageAt(0, 1)` with `brokenInvariant` for that.
 */
export function privilegedChange(options: Options) {
  const { chain, system, contracts, safes = [], expected = [], also = [] } = options
  return Detector.define({
    name: options.name ?? `privilegedChange:${system}`,
    version: '1.0.0',
    chain,
    system,
    inputs: {
      changes: logs({ address: contracts, events: Power.events }),
      others: logs({ address: contracts, events: also }),
      thresholds: group(
        Object.fromEntries(
          safes.map((safe) => [
            Account.lower(safe),
            read({ address: safe, abi: threshold, functionName: 'getThreshold', optional: true }),
          ]),
        ),
      ),
    },
    initial: {} as State,
    parameters: Json.encode({ contracts, safes, expected, also }) as Json.Json,
    evaluate: ({ block, state }) => {
      const transactions = new Map(block.transactions.map((transaction) => [transaction.hash, transaction]))
      const thresholds = { ...state }
      const findings: Finding.Draft[] = []
      const tell = (
        log: Pick<Block.Log, 'address' | 'logIndex' | 'transactionHash'>,
        event: string,
        change: Power.Change,
        args: unknown,
      ) => {
        const transaction = transactions.get(log.transactionHash)
        if (transaction && isOwnConstructor(transaction, log.address)) return
        const announced = expected.some((one) => matches(one, transaction?.from, change.holder))
        findings.push({
          key: `${log.transactionHash}:${log.logIndex}`,
          severity: announced ? 'P4' : change.severity,
          // The event is a fact; what is open is whether its cause is an attack, which the severity speaks of.
          confidence: announced ? 0.99 : 0.9,
          sentence: `${change.says} on contract ${Account.brief(log.address)}${transaction ? `, sent by ${Account.brief(transaction.from)}` : ''}. ${announced ? 'This was announced.' : 'Nobody announced this.'}`,
          subject: log.address,
          transactionHash: log.transactionHash,
          actors: transaction ? [transaction.from, ...(transaction.to ? [transaction.to] : [])] : [],
          values: {
            event,
            announced,
            contract: log.address,
            arguments: Json.decode(Json.encode(args)),
            holder: change.holder ?? null,
          },
        })
      }
      for (const log of block.inputs.changes) {
        const change = Power.judge(log, thresholds[log.address])
        if (log.eventName === 'ChangedThreshold') thresholds[log.address] = log.args.threshold
        if (change) tell(log, log.eventName, change, log.args)
      }
      for (const log of block.inputs.others) {
        const { eventName, args } = log as unknown as { readonly eventName: string; readonly args: unknown }
        tell(log, eventName, { severity: 'P2', says: `${eventName} was emitted`, holder: lastAddress(args) }, args)
      }
      for (const [safe, now] of Object.entries(block.inputs.thresholds))
        if (now !== undefined) thresholds[safe as Address] = now
      return { state: isSame(state, thresholds) ? state : thresholds, findings }
    },
  })
}

function matches(expected: Expected, sender: Address | undefined, holder: Address | undefined): boolean {
  const same = (wanted: Address | undefined, found: Address | undefined) =>
    wanted === undefined || Account.lower(wanted) === (found && Account.lower(found))
  return (
    (expected.sender ?? expected.holder) !== undefined && same(expected.sender, sender) && same(expected.holder, holder)
  )
}

/** A contract made directly by this transaction: what its constructor says of itself is its beginning, not a change. */
function isOwnConstructor({ to, from, nonce }: Block.Transaction, contract: Address): boolean {
  return to === null && Account.lower(getContractAddress({ from, nonce: BigInt(nonce) })) === contract
}

/** By custom the last address of such an event is the new holder. */
function lastAddress(args: unknown): Address | undefined {
  return Object.values((args ?? {}) as Record<string, unknown>).findLast(
    (value): value is Address => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value),
  )
}

function isSame(a: State, b: State): boolean {
  const entries = Object.entries(b)
  return entries.length === Object.keys(a).length && entries.every(([safe, value]) => a[safe as Address] === value)
}
