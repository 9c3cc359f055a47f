import { type Address, parseAbi } from 'viem'
import * as Json from '../../base/Json.ts'
import * as Detector from '../Detector.ts'
import type * as Finding from '../Finding.ts'
import { group } from '../inputs/group.ts'
import { logs } from '../inputs/logs.ts'
import { read } from '../inputs/read.ts'
import * as Account from './Account.ts'
import * as Asset from './Asset.ts'
import * as Price from './Price.ts'

export type Pool = {
  readonly address: Address
  /** Whether it is like Uniswap V2 (`Sync`) or V3 (`Swap` with `sqrtPriceX96`). v2 */
  readonly kind?: 'v2' | 'v3' | undefined
  /** For the reader, for example `EMBR/WETH`. */
  readonly label: string
}

/** A contract that pays `asset` by the price of the pools. */
export type Protected = { readonly contract: Address; readonly asset: Asset.Asset }

export type Options = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  readonly pools: readonly Pool[]
  readonly protects: readonly Protected[]
  /** From which factor on, up or down, a price counts as moved. 1.25 */
  readonly minMove?: number | undefined
  /** Share of the balance, 0 to 1, from which a payout is P1; below it P2. 0.01 */
  readonly minShare?: number | undefined
}

const views = parseAbi([
  'function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast)',
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)',
])

/*
 * Why 1.25: a loan taken against an inflated price pays only when the price was moved by more than 1 / (loan to value),
 * and markets lend at most about 80 % against what trades on such pools, so less than 1.25 gains nothing. In a
 * constant-product pool a move by 1.25 costs the swapper 1 - 1/sqrt(1.25), about 11 %, of what it swaps; traders allow
 * 0.1 to 5 %. Arbitrage does move prices so far when they were far off, but takes its gain from pools.
 */
const defaultMove = 1.25

/**
 * Recognises that the price in a pool was moved and a contract that trusts it then paid, all in one transaction.
 *
 * It works because only within one transaction can a price be held away from the market without risk, so whoever does
 * it takes the gain there too. The order of the logs decides: what is paid before the price moved does not count (a
 * liquidator who sells what it seized), nor what comes back (a flash loan). A price that moves without such a payout
 * is trading, and stays without a finding. A price put back at the end makes it surer.
 *
 * Not seen: a price moved in one transaction and used in the next, and pools that tell prices in other events.
 * Every pool counts for every contract of `protects`; use one detector for each market that reads other pools.
 */
export function priceManipulation(options: Options) {
  const { chain, system, minMove = defaultMove, minShare = 0.01 } = options
  const pools = options.pools.map((pool) => ({ ...pool, address: Account.lower(pool.address) }))
  const protects = options.protects.map(({ contract, asset }) => ({
    contract: Account.lower(contract),
    asset: { ...asset, address: Account.lower(asset.address) },
  }))
  const factor = BigInt(Math.round(minMove * 10_000))
  const quotes = (kind: 'v2' | 'v3') => pools.filter((pool) => (pool.kind ?? 'v2') === kind)

  return Detector.define({
    name: options.name ?? `priceManipulation:${system}`,
    version: '1.0.0',
    chain,
    system,
    inputs: {
      steps: logs({ address: pools.map(({ address }) => address), events: Price.events }),
      movements: logs({ address: protects.map(({ asset }) => asset.address), events: Asset.events }),
      // The price at the end of the block is the one before the next; a pool may be silent until it is attacked.
      reserves: group(
        Object.fromEntries(
          quotes('v2').map(({ address }) => [
            address,
            read({ address, abi: views, functionName: 'getReserves', optional: true }),
          ]),
        ),
      ),
      slots: group(
        Object.fromEntries(
          quotes('v3').map(({ address }) => [
            address,
            read({ address, abi: views, functionName: 'slot0', optional: true }),
          ]),
        ),
      ),
      balances: group(
        Object.fromEntries(
          protects.map(({ contract, asset }) => [
            balanceKey({ contract, asset }),
            read({
              address: asset.address,
              abi: Asset.views,
              functionName: 'balanceOf',
              args: [contract],
              optional: true,
            }),
          ]),
        ),
      ),
    },
    initial: {} as Price.Prices,
    parameters: Json.encode({ pools, protects, minMove, minShare }) as Json.Json,
    evaluate: ({ block, state }) => {
      const { steps, reserves, slots, balances } = block.inputs
      const movements = Asset.movements(block.inputs.movements)
      const transactions = new Map(block.transactions.map((transaction) => [transaction.hash, transaction]))
      const flowsOf = ({ contract, asset }: Protected, moves = movements) =>
        Asset.flows(
          moves.filter((movement) => movement.asset === asset.address),
          contract,
          block.transactions,
        )
      const findings: Finding.Draft[] = []
      let prices = state
      for (const [transactionHash, own] of Map.groupBy(steps, (step) => step.transactionHash)) {
        const moves = Price.movesOf(own, prices, factor)
        prices = { ...prices, ...Object.fromEntries(own.map((step) => [step.address, Price.priceOf(step)])) }
        if (moves.length === 0) continue
        const inTransaction = movements.filter((movement) => movement.transactionHash === transactionHash)
        for (const market of protects) {
          const { contract, asset } = market
          const since = Math.min(...moves.map((move) => move.since))
          const payouts = inTransaction.filter(
            (movement) =>
              movement.asset === asset.address &&
              movement.from === contract &&
              movement.to !== contract &&
              movement.logIndex > since,
          )
          const first = payouts[0]
          const paid = payouts.reduce((sum, { value }) => sum + value, 0n)
          const net = flowsOf(market, inTransaction)[0]?.net ?? 0n
          if (!first || net <= 0n) continue
          const move = moves
            .filter((candidate) => candidate.since < first.logIndex)
            .reduce((a, b) => (Price.times(b.extreme, b.before) > Price.times(a.extreme, a.before) ? b : a))
          const left = balances[balanceKey(market)]
          const before =
            left === undefined ? undefined : left + flowsOf(market).reduce((sum, flow) => sum + flow.net, 0n)
          const transaction = transactions.get(transactionHash)
          const actors = [
            ...(transaction ? [transaction.from] : []),
            ...(transaction?.to ? [transaction.to] : []),
            first.to,
          ]
          findings.push({
            ...describe(market, move, paid < net ? paid : net, before),
            transactionHash,
            key: `${transactionHash}:${contract}:${asset.address}`,
            actors: [...new Set(actors)],
          })
        }
      }
      const quoted = [
        ...Object.entries(reserves).map(([pool, answer]) => [pool, answer && [answer[1], answer[0]]] as const),
        ...Object.entries(slots).map(([pool, answer]) => [pool, answer && [answer[0] ** 2n, 2n ** 192n]] as const),
      ].filter(([, price]) => price !== undefined)
      prices = { ...prices, ...(Object.fromEntries(quoted) as unknown as Price.Prices) }
      return { state: isSame(state, prices) ? state : prices, findings }
    },
  })

  function describe(
    { contract, asset }: Protected,
    move: Price.Move,
    amount: bigint,
    before: bigint | undefined,
  ): Omit<Finding.Draft, 'key'> {
    const share = before === undefined ? undefined : Asset.basisPoints(amount, before)
    const label = pools.find(({ address }) => address === move.pool)?.label ?? move.pool
    const restored = !Price.isMoved(move.end, move.before, factor)
    const factorMoved = Math.round(Price.times(move.extreme, move.before) * 10) / 10
    // Moved and paid alone is already no honest trade (see `defaultMove`). A price put back says that the move was never
    // meant as one, and a tenth of the balance that the payout was the purpose.
    const doubt = 0.3 * (restored ? 0.4 : 1) * (share === undefined || share >= 1_000 ? 0.4 : 1)
    return {
      severity: share === undefined || share >= minShare * 10_000 ? 'P1' : 'P2',
      confidence: Math.round((1 - doubt) * 100) / 100,
      sentence: `${Asset.format(asset, amount)}${share === undefined ? '' : `, ${Asset.percent(share)} of all it held,`} left contract ${Account.brief(contract)} right after the price of ${label} had been moved by a factor of ${factorMoved} within the same transaction${restored ? '; the price was put back at its end' : ''}.`,
      subject: contract,
      values: {
        asset: asset.address,
        amount,
        balanceBefore: before ?? null,
        pool: move.pool,
        priceBefore: move.before,
        priceExtreme: move.extreme,
        priceEnd: move.end,
        timesMoved: factorMoved,
        restored,
      },
    }
  }
}

function balanceKey({ contract, asset }: Protected): string {
  return `${contract}:${asset.address}`
}

function isSame(a: Price.Prices, b: Price.Prices): boolean {
  return Object.entries(b).every(([pool, [n, d]]) => a[pool as Address]?.[0] === n && a[pool as Address]?.[1] === d)
}
