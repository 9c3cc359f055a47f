/** Names for chains and accounts that mean the same everywhere: CAIP-2 and CAIP-10. */
import { type Address, getAddress } from 'viem'

/** A chain by CAIP-2, for example `eip155:1`. */
export type ChainId = `eip155:${number}`

/** An account by CAIP-10 with a checksum address, for example `eip155:1:0xC02a…`. */
export type AccountId = `${ChainId}:${Address}`

/**
 * A chain as stored: its CAIP-2 name and its genesis hash, because two chains can share an id (a fork, a test net that
 * was begun anew) and must never share a cursor.
 */
export type ChainKey = `${ChainId}@0x${string}`

/** The EIP-155 number of a chain. */
export function reference(chain: ChainId | ChainKey): number {
  return Number(chain.split('@')[0]?.split(':')[1])
}

/** The stored name of a chain. */
export function chainKey(chain: ChainId, genesisHash: `0x${string}`): ChainKey {
  return `${chain}@${genesisHash}`
}

/** The CAIP-2 part of a stored name. */
export function chainId(key: ChainKey): ChainId {
  return key.split('@')[0] as ChainId
}

/** An account on a chain; the address is checksummed. */
export function account(chain: ChainId | ChainKey, address: Address): AccountId {
  return `${chain.split('@')[0] as ChainId}:${getAddress(address)}`
}
