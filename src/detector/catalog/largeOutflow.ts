import type { Address } from 'viem'
import * as Errors from '../../base/Errors.ts'
import * as Json from '../../base/Json.ts'
import * as Detector from '../Detector.ts'
import * as Finding from '../Finding.ts'
import { logs } from '../inputs/logs.ts'
import { read } from '../inputs/read.ts'
import * as Account from './Account.ts'
import * as Asset from './Asset.ts'
import * as History from './History.ts'
import * as Ledger from './Ledger.ts'

/** Shares of the balance held before, 0 to 1. */
export type Shares = {
  /** From here on an unusual outflow is told at all (P3). 0.01 */
  readonly least: number
  /** An unusual outflow of this share is P2. 0.05 */
  readonly large: number
  /** An outflow of this share is P1 where it is extreme, by `History.isExtreme`. 0.1 */
  readonly grave: number
  /** An unusual outflow of this share is P1. 0.25 */
  readonly critical: number
  /** An outflow of this share is P2 whatever the history says, and while there is none. 0.5 */
  readonly anyway: number
}

export type Options = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  readonly contract: Address
  readonly asset: Asset.Asset
  readonly shares?: Partial<Shares> | undefined
  /** Outflows to accounts that had not put them in, seen before the history is consulted. 20 */
  readonly minObservations?: number | undefined
  /** Smallest outflow, in the asset's unit, that is told at all; for contracts that are nearly empty. 0 */
  readonly minAmount?: bigint | undefined
  /** Routers and the like, through which many people act: the sender of the transaction counts instead of them. */
  readonly intermediaries?: readonly Address[] | undefined
}

type State = {
  readonly ledger: Ledger.Ledger
  readonly perTransaction: History.History
  readonly perBlock: History.History
}

type Outflow = {
  /** What left less what came. */
  readonly net: bigint
  /** The part of `net` that went to accounts which had not put it in before. */
  readonly unowed: bigint
  readonly before: bigint
  readonly observations: number
  readonly comparison: History.Comparison | undefined
}

/*
 * Why these shares: a lending market or vault keeps most of what it holds and pays out by the request of one user. A
 * hundredth is what a single user may well own; a twentieth that nobody had put in is a concentration that a risk team
 * sets caps against; at a quarter the remaining depositors can no longer all be made whole from reserves. Half of
 * everything in one transaction is worth a look even in a contract whose flows are always large.
 */
const defaults: Shares = { least: 0.01, large: 0.05, grave: 0.1, critical: 0.25, anyway: 0.5 }

/**
 * Recognises that far more of an asset leaves a contract than it ever does, in one transaction or one block.
 *
 * It works because an exploit must in the end move value out, and pays to do so at once before anybody reacts. Only what
 * goes to accounts that had not put it in is judged, like with like: against the history of just such outflows (see
 * `History`) and against what the contract held. Counter-evidence: what returns to the account that had put it in (a
 * large planned withdrawal is P4 at most), what comes back within the transaction (a flash loan), and amounts too small
 * a share to matter. Before `minObservations` only the share speaks.
 *
 * It sees ERC-20 transfers and WETH9 wrapping, not bare ether. Deposits from before it first ran are unknown to it, so
 * let it read the chain from the contract's creation, or from the time of its large depositors.
 */
export function largeOutflow(options: Options) {
  const { chain, system, asset, minObservations = History.enough, minAmount = 0n, intermediaries = [] } = options
  const contract = Account.lower(options.contract)
  const shares = { ...defaults, ...options.shares }
  const through = Account.set(intermediaries)

  const grade = ({ unowed, before, comparison }: Outflow): Finding.Severity | undefined => {
    const share = Asset.basisPoints(unowed, before) / 10_000
    if (unowed <= 0n || unowed < minAmount || share < shares.least) return undefined
    const unusual = comparison && History.isUnusual(comparison)
    if (!unusual) return share >= shares.anyway ? 'P2' : undefined
    if (share >= shares.critical || (share >= shares.grave && History.isExtreme(comparison))) return 'P1'
    return share >= shares.large ? 'P2' : 'P3'
  }

  const draft = (
    key: string,
    severity: Finding.Severity,
    where: string,
    { net, unowed, before, observations, comparison }: Outflow,
    rest: Partial<Finding.Draft>,
  ): Finding.Draft => {
    const times =
      comparison &&
      (comparison.timesLargest >= 1.1
        ? `, ${round(comparison.timesLargest)} times the largest such outflow known`
        : `, ${round(comparison.timesMedian)} times what is usual`)
    const own = severity === 'P4'
    return {
      key,
      severity,
      // Without a history the share alone is no more than an even guess.
      confidence: own ? 0.9 : comparison ? Math.max(0.5, History.confidence(comparison)) : 0.5,
      sentence: own
        ? `${Asset.format(asset, net)} left contract ${Account.brief(contract)} ${where}, ${Asset.percent(Asset.basisPoints(net, before))} of all it held; those who took it had put in ${unowed === 0n ? 'as much' : `all but ${Asset.format(asset, unowed)} of it`} before.`
        : `${Asset.format(asset, unowed)} left contract ${Account.brief(contract)} ${where} to accounts that had not put it in, ${Asset.percent(Asset.basisPoints(unowed, before))} of all it held${times ?? '; there is too little history to say what is usual'}.`,
      subject: contract,
      values: {
        ...{ asset: asset.address, net, unowed, balanceBefore: before, observations },
        distance: comparison ? round(comparison.distance) : null,
        timesLargest: comparison ? round(comparison.timesLargest) : null,
      },
      ...rest,
    }
  }

  return Detector.define({
    name: options.name ?? `largeOutflow:${system}`,
    version: '1.0.0',
    chain,
    system,
    inputs: {
      movements: logs({ address: asset.address, events: Asset.events }),
      balance: read({
        address: asset.address,
        abi: Asset.views,
        functionName: 'balanceOf',
        args: [contract],
        optional: true,
      }),
    },
    initial: { ledger: [], perTransaction: [], perBlock: [] } as State,
    parameters: Json.encode({ contract, asset, shares, minObservations, minAmount, intermediaries }) as Json.Json,
    evaluate: ({ block, state }) => {
      const flows = Asset.flows(Asset.movements(block.inputs.movements), contract, block.transactions, through)
      if (flows.length === 0) return { state, findings: [] }
      if (block.inputs.balance === undefined) throw new UnknownBalanceError(contract, asset)
      const transactions = new Map(block.transactions.map((transaction) => [transaction.hash, transaction]))
      const findings: Finding.Draft[] = []
      let { ledger, perTransaction } = state
      // The balance is read at the end of the block; its beginning follows from what moved.
      const total = flows.reduce((sum, { net }) => sum + net, 0n)
      const opening = block.inputs.balance + total
      let held = opening
      let unowedTotal = 0n
      for (const { net, accounts, transactionHash } of flows) {
        const unowed = least(unowedOf(accounts, ledger), positive(net))
        const outflow = {
          net,
          unowed,
          before: held,
          observations: perTransaction.length,
          comparison: History.compare(perTransaction, unowed, minObservations),
        }
        const own = unowed < net && Asset.basisPoints(net, held) >= shares.critical * 10_000 && net >= minAmount
        const severity = grade(outflow) ?? (own ? 'P4' : undefined)
        const transaction = transactions.get(transactionHash)
        const actors = transaction ? [transaction.from, ...(transaction.to ? [transaction.to] : [])] : []
        if (severity)
          findings.push(
            draft(`transaction:${transactionHash}`, severity, 'in one transaction', outflow, {
              transactionHash,
              actors,
            }),
          )
        // Dust must neither raise an alarm nor crowd out what is worth remembering.
        if (Asset.basisPoints(unowed, held) >= shares.least * 100)
          perTransaction = History.record(perTransaction, unowed)
        ledger = Ledger.add(ledger, accounts)
        held -= net
        unowedTotal += unowed
      }
      const whole = {
        net: total,
        unowed: least(unowedTotal, positive(total)),
        before: opening,
        observations: state.perBlock.length,
        comparison: History.compare(state.perBlock, unowedTotal, minObservations),
      }
      const severity = grade(whole)
      const known = findings.map((finding) => finding.severity).sort(Finding.compareSeverity)[0]
      // A drain in many small transactions shows only in their sum; one large transaction has been told already.
      if (severity && (known === undefined || Finding.compareSeverity(severity, known) < 0))
        findings.push(draft('block', severity, `in the ${flows.length} transactions of one block`, whole, {}))
      const perBlock =
        Asset.basisPoints(whole.unowed, opening) >= shares.least * 100
          ? History.record(state.perBlock, whole.unowed)
          : state.perBlock
      return { state: { ledger, perTransaction, perBlock }, findings }
    },
  })
}

/** What accounts took beyond what they had put in, earlier or in the same transaction. */
function unowedOf(accounts: ReadonlyMap<Address, bigint>, ledger: Ledger.Ledger): bigint {
  const positions = new Map(ledger)
  let sum = 0n
  for (const [account, change] of accounts)
    if (change < 0n) sum += positive(-change - Ledger.credit(positions, account))
  return sum
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

export class UnknownBalanceError extends Errors.BaseError {
  override readonly name = 'largeOutflow.UnknownBalanceError'
  constructor(contract: Address, { address, symbol }: Asset.Asset) {
    super(`${symbol} moved, but what the contract holds of it could not be read.`, {
      remedy: 'config',
      facts: { contract, asset: address },
      advice: 'Check that the asset answers `balanceOf`.',
    })
  }
}
