/** What honest people want to do in a drill, drawn by chance, and the transaction that does it. */
import { parseEther as ether } from 'viem'
import * as Accounts from './Accounts.ts'
import * as Random from './Random.ts'
import * as Safe from './Safe.ts'
import type { Transaction } from './Sender.ts'
import * as World from './World.ts'

/** How often each kind comes up among the drawn ones; the other kinds are planned. */
const weights = {
  buyEmber: 14,
  sellEmber: 14,
  buyDollar: 8,
  sellDollar: 8,
  addLiquidity: 4,
  removeLiquidity: 3,
  supply: 6,
  redeem: 5,
  depositCollateral: 4,
  withdrawCollateral: 2,
  borrow: 4,
  repay: 4,
  transfer: 9,
  approve: 4,
  wrap: 4,
  unwrap: 3,
} as const

export type Drawn = keyof typeof weights
export type Kind =
  | Drawn
  | 'buyElsewhere'
  | 'sellElsewhere'
  | 'arbitrage'
  | 'setBorrowCap'
  | 'largeSupply'
  | 'largeRedeem'

export type Intent = {
  readonly kind: Kind
  readonly from: Accounts.Name
  /** In the smallest unit of what moves: WETH, EMBR, dollars, shares or liquidity, as the kind says. */
  readonly amount: bigint
  /** Who receives a `transfer`. */
  readonly to?: Accounts.Name | undefined
  /** Wei per gas that the sender is ready to pay. */
  readonly maxFeePerGas: bigint
}

/** Kinds that the vault refuses while it is paused. */
export const vaultKinds: ReadonlySet<Kind> = new Set<Kind>([
  ...(['supply', 'redeem', 'depositCollateral', 'withdrawCollateral', 'borrow', 'repay'] as const),
  ...(['largeSupply', 'largeRedeem'] as const),
])

/** Draws one intent: its kind, who, how much, and the fee. */
export function draw(random: Random.Random): Intent {
  const kind = Random.weighted(random, weights)
  return make(random, kind)
}

/** An intent of a given kind, with the rest drawn. */
export function make(random: Random.Random, kind: Kind): Intent {
  const [people, low, high, unit] = ranges[kind]
  const from = Random.pick(random, people)
  const amount = BigInt(Random.integer(random, low, high)) * unit
  const to = Random.pick(random, Accounts.traders)
  const maxFeePerGas = BigInt(Random.integer(random, 30, 120)) * 10n ** 8n
  return { kind, from, amount, maxFeePerGas, ...(kind === 'transfer' && { to }) }
}

type Range = readonly [people: readonly Accounts.Name[], low: number, high: number, unit: bigint]

const { traders, lenders, borrowers, providers } = Accounts
const hundredth = ether('0.01')
const ember = ether('1')
const dollar = 10n ** 6n
const ranges: Readonly<Record<Kind, Range>> = {
  buyEmber: [traders, 10, 120, hundredth],
  sellEmber: [traders, 10, 120, ember],
  buyDollar: [traders, 20, 500, hundredth],
  sellDollar: [traders, 600, 15_000, dollar],
  addLiquidity: [providers, 50, 300, hundredth],
  removeLiquidity: [providers, 500, 3_000, hundredth],
  supply: [lenders, 20, 600, hundredth],
  redeem: [lenders, 20, 600, hundredth],
  depositCollateral: [borrowers, 20, 200, ember],
  withdrawCollateral: [borrowers, 10, 60, ember],
  borrow: [borrowers, 10, 80, hundredth],
  repay: [borrowers, 10, 70, hundredth],
  transfer: [traders, 1, 250, ember],
  approve: [traders, 1, 5_000, ember],
  wrap: [traders, 10, 300, hundredth],
  unwrap: [traders, 10, 200, hundredth],
  buyElsewhere: [traders, 400, 600, hundredth],
  sellElsewhere: [traders, 400, 600, ember],
  arbitrage: [['arbitrageur'], 0, 0, 1n],
  setBorrowCap: [Accounts.owners, 155, 170, ether('1')],
  largeSupply: [['whale'], 180, 220, ether('1')],
  largeRedeem: [['whale'], 160, 175, ether('1')],
}

const deadline = 2n ** 40n

/**
 * The transaction that an intent asks for. Reads the chain only for `setBorrowCap`, which signs over the Safe's nonce.
 * Swaps accept any price: what a drill measures is the vault, and a missed price would only be noise.
 */
export async function transaction(world: World.World, intent: Intent): Promise<Transaction> {
  const { kind, from, amount, maxFeePerGas } = intent
  if (kind === 'setBorrowCap') {
    const data = World.encode(world, 'vault', 'setBorrowCap', [amount])
    const signers = [from as Accounts.Owner, from === 'owner1' ? 'owner2' : 'owner1'] as const
    return Safe.order(world, { to: world.contracts.vault.address, data, signers, maxFeePerGas })
  }
  const [contract, functionName, args, value] = calls(world, intent)
  const data = World.encode(world, contract, functionName, args)
  return { from, to: world.contracts[contract].address, data, value, maxFeePerGas }
}

type ContractCall = readonly [keyof World.World['contracts'], string, readonly unknown[], bigint?]

function calls({ contracts, accounts }: World.World, { kind, from, to, amount }: Intent): ContractCall {
  const own = accounts[from].address
  const { weth, ember, dollar, vault, pair, pairElsewhere } = contracts
  const swap = (
    router: 'router' | 'routerElsewhere',
    ...path: readonly { readonly address: string }[]
  ): ContractCall => {
    const route = path.map(({ address }) => address)
    return [router, 'swapExactTokensForTokens', [amount, 0n, route, own, deadline]]
  }
  switch (kind) {
    case 'buyEmber':
      return swap('router', weth, ember)
    case 'sellEmber':
      return swap('router', ember, weth)
    case 'buyDollar':
      return swap('router', weth, dollar)
    case 'sellDollar':
      return swap('router', dollar, weth)
    case 'buyElsewhere':
      return swap('routerElsewhere', weth, ember)
    case 'sellElsewhere':
      return swap('routerElsewhere', ember, weth)
    case 'addLiquidity':
      // Twice the usual share of EMBR, of which the router takes what the price of the moment asks for.
      return ['router', 'addLiquidity', [weth.address, ember.address, amount, amount * 200n, 0n, 0n, own, deadline]]
    case 'removeLiquidity':
      return ['router', 'removeLiquidity', [weth.address, ember.address, amount, 0n, 0n, own, deadline]]
    case 'transfer':
      return ['ember', 'transfer', [accounts[to ?? from].address, amount]]
    case 'approve':
      return ['ember', 'approve', [vault.address, amount]]
    case 'wrap':
      return ['weth', 'deposit', [], amount]
    case 'unwrap':
      return ['weth', 'withdraw', [amount]]
    case 'arbitrage':
      return ['arbitrageur', 'arbitrage', [pair.address, pairElsewhere.address]]
    case 'setBorrowCap':
      return ['vault', 'setBorrowCap', [amount]]
    case 'largeSupply':
      return ['vault', 'supply', [amount]]
    case 'largeRedeem':
      return ['vault', 'redeem', [amount]]
    default:
      return ['vault', kind, [amount]]
  }
}
