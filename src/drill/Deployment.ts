/** The plan of the drill's world: every address, known beforehand, and the transactions that bring it about. Pure. */
import {
  type Address,
  concatHex,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  encodePacked,
  parseEther as ether,
  getContractAddress,
  type Hex,
  keccak256,
  maxUint256,
  parseUnits,
  zeroAddress,
} from 'viem'
import * as Accounts from './Accounts.ts'
import type * as Artifacts from './Artifacts.ts'
import type { Transaction } from './Sender.ts'

/**
 * The contracts of the world. `pair` is WETH/EMBR, whose spot price the vault trusts; `pairElsewhere` is the same on
 * the second exchange; `pairDollar` is WETH/dollar, deep enough to lend the attacker its money.
 * `attack` is where the attacker's contract will be; the attacker deploys it when the attack begins.
 */
export type ContractName =
  | 'weth'
  | 'ember'
  | 'dollar'
  | 'factory'
  | 'router'
  | 'factoryElsewhere'
  | 'routerElsewhere'
  | 'pair'
  | 'pairElsewhere'
  | 'pairDollar'
  | 'vault'
  | 'safe'
  | 'safeSingleton'
  | 'safeFactory'
  | 'safeHandler'
  | 'arbitrageur'
  | 'attack'

export type Addresses = Readonly<Record<ContractName, Address>>

/** Transactions in phases: one phase must be mined before the next is sent. */
export type Plan = { readonly addresses: Addresses; readonly phases: readonly (readonly Transaction[])[] }

/** What the world holds when it is ready. WETH in wei, EMBR in wei of 18 decimals, dollars in units of 6 decimals. */
export const sizes = {
  pair: { weth: ether('300'), ember: ether('30000') },
  pairElsewhere: { weth: ether('100'), ember: ether('10000') },
  pairDollar: { weth: ether('5000'), dollar: parseUnits('15000000', 6) },
  supplied: { lender1: ether('400'), lender2: ether('350'), lender3: ether('270') },
  collateral: ether('5000'),
  debt: ether('5'),
  borrowCap: ether('160'),
} as const

const deadline = 2n ** 40n

/** The addresses and transactions of a world on a fresh chain; the same on every chain. */
export function plan(artifacts: Artifacts.Artifacts, accounts: Accounts.Accounts): Plan {
  const made: Transaction[] = []
  const create = (name: Artifacts.Name, from: Accounts.Name, nonce: number, args: readonly unknown[] = []): Address => {
    const { abi, bytecode } = artifacts[name]
    made.push({ from, data: encodeDeployData({ abi, bytecode, args }), gas: 6_500_000n })
    return getContractAddress({ from: accounts[from].address, nonce: BigInt(nonce) })
  }
  const call = (
    from: Accounts.Name,
    to: Address,
    name: Artifacts.Name,
    functionName: string,
    args: readonly unknown[],
  ) => ({ from, to, data: encodeFunctionData({ abi: artifacts[name].abi, functionName, args }) }) as const
  const address = (name: Accounts.Name) => accounts[name].address

  const weth = create('WETH9', 'deployer', 0)
  const ember = create('DrillToken', 'deployer', 1, ['Ember', 'EMBR', 18])
  const dollar = create('DrillToken', 'deployer', 2, ['Hearth Dollar', 'HUSD', 6])
  const factory = create('UniswapV2Factory', 'deployer', 3, [zeroAddress])
  const factoryElsewhere = create('UniswapV2Factory', 'deployer', 4, [zeroAddress])
  const router = create('UniswapV2Router02', 'deployer', 5, [factory, weth])
  const routerElsewhere = create('UniswapV2Router02', 'deployer', 6, [factoryElsewhere, weth])
  const pairOf = (maker: Address, token: Address) => pairAddress(maker, weth, token, artifacts.UniswapV2Pair.bytecode)
  const pair = pairOf(factory, ember)
  const vault = create('LendingVault', 'deployer', 7, [weth, ember, pair, address('guardian'), sizes.borrowCap])
  const safeSingleton = create('Safe', 'deployer', 8)
  const safeFactory = create('SafeProxyFactory', 'deployer', 9)
  const safeHandler = create('CompatibilityFallbackHandler', 'deployer', 10)
  const arbitrageur = create('Arbitrageur', 'arbitrageur', 0, [weth])

  const setup = encodeFunctionData({
    abi: artifacts.Safe.abi,
    functionName: 'setup',
    args: [Accounts.owners.map(address), 2n, zeroAddress, '0x', safeHandler, zeroAddress, 0n, zeroAddress],
  })
  const safe = safeAddress(safeFactory, safeSingleton, setup, artifacts.SafeProxy.bytecode)
  const attack = getContractAddress({ from: address('attacker'), nonce: 0n })

  const holders = { provider1: 60_000, provider2: 60_000 } as Partial<Record<Accounts.Name, number>>
  for (const name of [...Accounts.traders, ...Accounts.borrowers]) holders[name] = 20_000
  const mint = (token: Address, name: Accounts.Name, amount: bigint) =>
    call('deployer', token, 'DrillToken', 'mint', [address(name), amount])
  const wrap = (from: Accounts.Name, value: bigint) => ({ ...call(from, weth, 'WETH9', 'deposit', []), value })
  const allow = (from: Accounts.Name, token: Address, spender: Address) =>
    call(from, token, 'DrillToken', 'approve', [spender, maxUint256])

  const join = (maker: Address, token: Address) => ({
    ...call('deployer', maker, 'UniswapV2Factory', 'createPair', [weth, token]),
    gas: 4_000_000n,
  })

  const endowed = [
    ...[join(factory, ember), join(factory, dollar), join(factoryElsewhere, ember)],
    call('deployer', safeFactory, 'SafeProxyFactory', 'createProxyWithNonce', [safeSingleton, setup, 0n]),
    ...Object.entries(holders).map(([name, amount]) => mint(ember, name as Accounts.Name, ether(String(amount)))),
    ...Accounts.traders.map((name) => mint(dollar, name, parseUnits('300000', 6))),
    mint(dollar, 'provider1', sizes.pairDollar.dollar),
    wrap('provider1', ether('5500')),
    wrap('provider2', ether('500')),
    ...[...Accounts.traders, ...Accounts.borrowers].map((name) => wrap(name, ether('200'))),
    wrap('whale', ether('500')),
    ...Accounts.lenders.map((name) => wrap(name, sizes.supplied[name] + ether('200'))),
  ]
  const allowed = [
    ...[...Accounts.traders, ...Accounts.providers].flatMap((name) =>
      [weth, ember, dollar].map((token) => allow(name, token, router)),
    ),
    ...[...Accounts.traders, ...Accounts.providers].flatMap((name) =>
      [weth, ember].map((token) => allow(name, token, routerElsewhere)),
    ),
    ...Accounts.providers.map((name) => allow(name, pair, router)),
    ...(['whale', ...Accounts.lenders, ...Accounts.borrowers] as const).map((name) => allow(name, weth, vault)),
    ...Accounts.borrowers.map((name) => allow(name, ember, vault)),
  ]
  const add = (from: Accounts.Name, at: Address, token: Address, amount: bigint, wethAmount: bigint) =>
    call(from, at, 'UniswapV2Router02', 'addLiquidity', [
      ...[weth, token, wethAmount, amount, 0n, 0n, address(from), deadline],
    ])
  const half = { weth: sizes.pair.weth / 2n, ember: sizes.pair.ember / 2n }
  const filled = [
    ...Accounts.providers.map((name) => add(name, router, ember, half.ember, half.weth)),
    add('provider2', routerElsewhere, ember, sizes.pairElsewhere.ember, sizes.pairElsewhere.weth),
    add('provider1', router, dollar, sizes.pairDollar.dollar, sizes.pairDollar.weth),
    ...Accounts.lenders.map((name) => call(name, vault, 'LendingVault', 'supply', [sizes.supplied[name]])),
    ...Accounts.borrowers.map((name) => call(name, vault, 'LendingVault', 'depositCollateral', [sizes.collateral])),
  ]
  const lent = [
    ...Accounts.borrowers.map((name) => call(name, vault, 'LendingVault', 'borrow', [sizes.debt])),
    call('deployer', vault, 'LendingVault', 'transferOwnership', [safe]),
    ...[ember, dollar].map((token) => call('deployer', token, 'DrillToken', 'transferOwnership', [safe])),
  ]
  return {
    addresses: {
      ...{ weth, ember, dollar, factory, router, factoryElsewhere, routerElsewhere, pair, vault, arbitrageur, attack },
      ...{ pairElsewhere: pairOf(factoryElsewhere, ember), pairDollar: pairOf(factory, dollar) },
      ...{ safe, safeSingleton, safeFactory, safeHandler },
    },
    phases: [made, endowed, allowed, filled, lent],
  }
}

/** Where a Uniswap V2 factory puts the pair of two tokens. */
function pairAddress(factory: Address, one: Address, two: Address, bytecode: Hex): Address {
  const sorted = [one, two].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)) as [Address, Address]
  const salt = keccak256(encodePacked(['address', 'address'], sorted))
  return getContractAddress({ opcode: 'CREATE2', from: factory, salt, bytecode })
}

/** Where the Safe factory puts the proxy of this set-up, with salt nonce 0. */
function safeAddress(factory: Address, singleton: Address, setup: Hex, proxyBytecode: Hex): Address {
  const salt = keccak256(encodePacked(['bytes32', 'uint256'], [keccak256(setup), 0n]))
  const bytecode = concatHex([proxyBytecode, encodeAbiParameters([{ type: 'address' }], [singleton])])
  return getContractAddress({ opcode: 'CREATE2', from: factory, salt, bytecode })
}
