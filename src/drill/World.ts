/** The world in which a drill happens: exchanges, a lending vault owned by a Safe, and the people who use them. */
import { type Abi, type Address, decodeFunctionResult, encodeFunctionData, type Hex, numberToHex } from 'viem'
import { BaseError } from '../base/Errors.ts'
import * as Accounts from './Accounts.ts'
import * as Artifacts from './Artifacts.ts'
import * as Deployment from './Deployment.ts'
import * as Rpc from './Rpc.ts'
import * as Sender from './Sender.ts'

export type Contract = { readonly address: Address; readonly abi: Abi }

export type World = {
  /** Where the chain answers, over HTTP. */
  readonly url: string
  readonly chainId: number
  /** Every contract by its part in the world; see `Deployment.ContractName`. */
  readonly contracts: Readonly<Record<Deployment.ContractName, Contract>>
  readonly accounts: Accounts.Accounts
  /** What the attacker will deploy. */
  readonly attackBytecode: Hex
  /** The block that completed the world. */
  readonly readyAt: bigint
}

const artifactOf = {
  weth: 'WETH9',
  ember: 'DrillToken',
  dollar: 'DrillToken',
  factory: 'UniswapV2Factory',
  router: 'UniswapV2Router02',
  factoryElsewhere: 'UniswapV2Factory',
  routerElsewhere: 'UniswapV2Router02',
  pair: 'UniswapV2Pair',
  pairElsewhere: 'UniswapV2Pair',
  pairDollar: 'UniswapV2Pair',
  vault: 'LendingVault',
  safe: 'Safe',
  safeSingleton: 'Safe',
  safeFactory: 'SafeProxyFactory',
  safeHandler: 'CompatibilityFallbackHandler',
  arbitrageur: 'Arbitrageur',
  attack: 'AttackerDrain',
} as const satisfies Record<Deployment.ContractName, Artifacts.Name>

/** Room for a whole phase in one block, so that the chain's clock and history stay short. */
const roomyGasLimit = 500_000_000n

/**
 * Builds the world on a fresh anvil and resolves when it stands, in well under a second.
 *
 * It mines its own blocks, whether the chain mines at once, at intervals or not at all, and leaves the chain in the
 * mode it found. It funds the accounts that anvil does not (`anvil_setBalance`), and lifts the block gas limit meanwhile.
 * The addresses depend on the accounts' nonces only: on every fresh chain they are the same.
 *
 * Throws a `WorldError` when a transaction fails, which on a chain that is not fresh it will.
 *
 * @example
 * const world = await World.deploy({ url: chain.httpUrl })
 * await World.read(world, 'vault', 'cash') // 1000000000000000000000n
 */
export async function deploy({ url }: { readonly url: string }): Promise<World> {
  const accounts = Accounts.derive()
  const artifacts = await Artifacts.load()
  const { addresses, phases } = Deployment.plan(artifacts, accounts)
  const [chain, automine, head] = await Rpc.all(url, [
    ['eth_chainId'],
    ['anvil_getAutomine'],
    ['eth_getBlockByNumber', ['latest', false]],
  ])
  const chainId = Number(chain)
  const { gasLimit } = head as { gasLimit: Hex }
  await Rpc.all(url, [
    ...Accounts.names.map((name): Rpc.Call => ['anvil_setBalance', [accounts[name].address, numberToHex(10n ** 22n)]]),
    ['evm_setBlockGasLimit', [numberToHex(roomyGasLimit)]],
    // Has no effect on a chain that mines at intervals, which need not stop.
    ...(automine ? [['evm_setAutomine', [false]] as const] : []),
  ])
  try {
    const sender = Sender.open(url, chainId, accounts)
    for (const phase of phases) await mine(url, await Sender.sendAll(sender, phase))
  } finally {
    await Rpc.all(url, [
      ['evm_setBlockGasLimit', [gasLimit]],
      ...(automine ? [['evm_setAutomine', [true]] as const] : []),
    ])
  }
  const contracts = Object.entries(artifactOf).map(([role, name]) => {
    const address = addresses[role as Deployment.ContractName]
    return [role, { address, abi: artifacts[name].abi }] as const
  })
  return {
    ...{ url, chainId, accounts, attackBytecode: artifacts.AttackerDrain.bytecode },
    contracts: Object.fromEntries(contracts) as World['contracts'],
    readyAt: BigInt((await Rpc.call(url, 'eth_blockNumber')) as Hex),
  }
}

/**
 * Reads a view of one of the world's contracts (`eth_call`), at a block or at the latest.
 * The value has the type that viem decodes; the caller knows which. Throws an `RpcError` when the call reverts.
 */
export async function read(
  { url, contracts }: World,
  name: Deployment.ContractName,
  functionName: string,
  args: readonly unknown[] = [],
  blockNumber?: bigint,
): Promise<unknown> {
  const { address, abi } = contracts[name]
  const data = encodeFunctionData({ abi, functionName, args })
  const at = blockNumber === undefined ? 'latest' : numberToHex(blockNumber)
  const answer = (await Rpc.call(url, 'eth_call', [{ to: address, data }, at])) as Hex
  return decodeFunctionResult({ abi, functionName, data: answer })
}

/** The calldata of a call to one of the world's contracts. */
export function encode(
  { contracts }: World,
  name: Deployment.ContractName,
  functionName: string,
  args: readonly unknown[] = [],
): Hex {
  return encodeFunctionData({ abi: contracts[name].abi, functionName, args })
}

async function mine(url: string, hashes: readonly Hex[]): Promise<void> {
  // A block by interval may take a part of a phase, and one block too many does no harm.
  for (let attempt = 0; attempt < 20; attempt++) {
    await Rpc.call(url, 'evm_mine')
    const receipts = (await Rpc.all(
      url,
      hashes.map((hash) => ['eth_getTransactionReceipt', [hash]]),
    )) as readonly ({ readonly status: Hex; readonly transactionHash: Hex } | null)[]
    const failed = receipts.find((receipt) => receipt && receipt.status !== '0x1')
    if (failed) throw new WorldError({ url, transaction: failed.transactionHash, status: 'reverted' })
    if (receipts.every((receipt) => receipt !== null)) return
  }
  throw new WorldError({ url, status: 'not mined' })
}

/** A part of the world could not be built. */
export class WorldError extends BaseError {
  override readonly name = 'WorldError'
  constructor(facts: Record<string, unknown>) {
    super('The world of the drill could not be built.', {
      remedy: 'operator',
      facts,
      advice: 'Start from a fresh chain: the addresses depend on nonces that are still zero.',
    })
  }
}
