/** Signs and sends for the people of the drill, and counts their nonces so that many can be in flight. */
import { type Address, type Hex, keccak256 } from 'viem'
import type { Accounts, Name } from './Accounts.ts'
import * as Rpc from './Rpc.ts'

/** What somebody wants done on chain. Without `to`, `data` deploys a contract. */
export type Transaction = {
  readonly from: Name
  readonly to?: Address | undefined
  readonly data: Hex
  /** Wei. */
  readonly value?: bigint | undefined
  readonly gas?: bigint | undefined
  /** Wei per gas; it decides the place in an anvil block. */
  readonly maxFeePerGas?: bigint | undefined
}

/** What became of sending it: a hash, or the endpoint's refusal. */
export type Outcome = { readonly hash: Hex } | { readonly error: Rpc.RpcError }

export type Sender = {
  readonly url: string
  readonly chainId: number
  readonly accounts: Accounts
  /** The next nonce of each account that has sent through here. */
  readonly nonces: Map<Name, number>
}

const gwei = 10n ** 9n

/** Opens a sender on an endpoint. It reads an account's nonce when it first sends, and counts from there. */
export function open(url: string, chainId: number, accounts: Accounts): Sender {
  return { url, chainId, accounts, nonces: new Map() }
}

/**
 * Signs every transaction and sends them all in one request (`eth_sendRawTransaction`); the outcomes are in order.
 * A refused one does not hold up the rest, save the later ones of the same account.
 */
export async function send(sender: Sender, transactions: readonly Transaction[]): Promise<readonly Outcome[]> {
  await count(sender, transactions)
  const signed = await Promise.all(transactions.map((transaction) => sign(sender, transaction)))
  const answers = await Rpc.batch(
    sender.url,
    signed.map((raw) => ['eth_sendRawTransaction', [raw]]),
  )
  return answers.map((answer, index) => {
    if ('result' in answer) return { hash: keccak256(signed[index]!) }
    // The chain has not seen this nonce: read it anew before the account's next transaction.
    sender.nonces.delete(transactions[index]!.from)
    return answer
  })
}

/** As `send`, but throws the first refusal as an `RpcError`. */
export async function sendAll(sender: Sender, transactions: readonly Transaction[]): Promise<readonly Hex[]> {
  return (await send(sender, transactions)).map((outcome) => {
    if ('error' in outcome) throw outcome.error
    return outcome.hash
  })
}

async function count({ url, accounts, nonces }: Sender, transactions: readonly Transaction[]): Promise<void> {
  const unknown = [...new Set(transactions.map(({ from }) => from))].filter((name) => !nonces.has(name))
  const counts = await Rpc.all(
    url,
    unknown.map((name) => ['eth_getTransactionCount', [accounts[name].address, 'pending']]),
  )
  unknown.forEach((name, index) => {
    nonces.set(name, Number(counts[index]))
  })
}

function sign({ chainId, accounts, nonces }: Sender, transaction: Transaction): Promise<Hex> {
  const { from, to, data, value = 0n, gas = 600_000n, maxFeePerGas = 10n * gwei } = transaction
  const nonce = nonces.get(from)!
  nonces.set(from, nonce + 1)
  const fees = { maxFeePerGas, maxPriorityFeePerGas: maxFeePerGas < gwei ? maxFeePerGas : gwei }
  return accounts[from].signer.signTransaction({
    ...{ type: 'eip1559', chainId, nonce, data, value, gas, ...fees },
    ...(to && { to }),
  })
}
