/** Authority by a Safe 1.3 or 1.4: its owners sign the exact call by EIP-712, any funded key carries it to the chain. */
import {
  type Address,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
  formatEther,
  type Hex,
  isAddressEqual,
  parseAbi,
  parseSignature,
  serializeSignature,
  zeroAddress,
} from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Caip from '../chain/Caip.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Authority, Signature } from '../playbook/Action.ts'
import * as Fees from './Fees.ts'
import type * as Key from './Key.ts'
import { keySender } from './keySender.ts'
import * as SafeTx from './SafeTx.ts'

const abi = parseAbi([
  'function nonce() view returns (uint256)',
  'function getThreshold() view returns (uint256)',
  'function getOwners() view returns (address[])',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool success)',
])

/** Gas that a call through a Safe with many owners takes at most, by far. */
const generousGas = 300_000n

/** A Safe as authority. `executor` pays for gas and has no other right: a signature of the owners is all that counts. */
export function safe(options: { readonly address: Address; readonly executor: Key.Reference }): Authority {
  const sender = keySender(options.executor)
  return {
    kind: 'safe',
    label: `Safe ${options.address}`,
    caller: options.address,
    ready: async (chain) => {
      const [{ owners, threshold }, { balanceWei, neededWei, level }] = await Promise.all([
        state(chain, options.address),
        Fees.funds(chain, sender.address, generousGas),
        sender.unlock(),
      ])
      const detail = { owners, threshold, executorBalanceWei: balanceWei, neededWei }
      const holds = `executor ${sender.address} holds ${formatEther(balanceWei)} of the native coin`
      const needs = `a call may need ${formatEther(neededWei)} for gas at the price of now`
      if (level === 'none') return { ok: false, summary: `The ${holds}; ${needs}.`, detail }
      const acts = `Safe ${options.address} acts on ${threshold} of ${owners.length} signatures`
      return {
        ok: true,
        summary:
          level === 'low'
            ? `${acts}; its ${holds}, which is little: ${needs}. Top it up.`
            : `${acts}; its executor can pay for gas.`,
        detail,
      }
    },
    mandate: async (chain, call) => {
      const { owners, threshold, nonce } = await state(chain, options.address)
      return {
        document: SafeTx.document({ ...call, chainId: Caip.reference(chain.key), safe: options.address, nonce }),
        threshold,
        eligible: owners,
        state: { safe: options.address, nonce, threshold, owners },
      }
    },
    carry: (call, signatures) => ({
      to: options.address,
      value: 0n,
      data: encodeFunctionData({
        abi,
        functionName: 'execTransaction',
        args: [call.to, call.value, call.data, 0, 0n, 0n, 0n, zeroAddress, zeroAddress, pack(signatures)],
      }),
    }),
    sender,
  }
}

/**
 * Owners' signatures as the Safe reads them: 65 bytes each, in ascending order of the owner's address, ending in 27 or
 * 28. Some hardware wallets end them in 0 or 1, by which the Safe would take them for something else.
 */
function pack(signatures: readonly Signature[]): Hex {
  const ascending = signatures.toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
  return concat(ascending.map(({ signature }) => serializeSignature(parseSignature(signature))))
}

async function state(
  chain: Chain.Chain,
  address: Address,
): Promise<{ nonce: bigint; threshold: number; owners: readonly Address[] }> {
  const names = ['nonce', 'getThreshold', 'getOwners'] as const
  const answers = (await Promise.all(
    names.map((functionName) =>
      chain.request('eth_call', [{ to: address, data: encodeFunctionData({ abi, functionName }) }, 'latest']),
    ),
  )) as [Hex, Hex, Hex]
  if (answers.some((answer) => answer === '0x')) throw new NotASafeError(address, chain.name)
  const [nonce, threshold, owners] = names.map((functionName, index) =>
    decodeFunctionResult({ abi, functionName, data: answers[index] as Hex }),
  ) as [bigint, bigint, readonly Address[]]
  // Version 1.4.1 keeps a sentinel in its list of owners; it is no owner and never listed, but a foreign contract might list it.
  return {
    nonce,
    threshold: Number(threshold),
    owners: owners.filter((owner) => !isAddressEqual(owner, '0x0000000000000000000000000000000000000001')),
  }
}

export class NotASafeError extends Errors.BaseError {
  override readonly name = 'safe.NotASafeError'
  constructor(address: Address, chain: string) {
    super(`${address} on ${chain} does not answer as a Safe.`, {
      remedy: 'config',
      advice: 'Give the address of a Safe 1.3 or 1.4 on this chain.',
    })
  }
}
