/** Addresses as detectors compare them, in lower case, and as people read them, checksummed and short. */
import { type Address, getAddress } from 'viem'

/** The form in which blocks carry addresses; what viem decodes from logs is checksummed and must pass through here. */
export function lower(address: Address): Address {
  return address.toLowerCase() as Address
}

/** A set that compares as blocks do. */
export function set(addresses: readonly Address[]): ReadonlySet<Address> {
  return new Set(addresses.map(lower))
}

/**
 * The first and last four digits, which is what people compare; findings carry the whole address beside the sentence.
 * @example brief('0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2') // '0xC02a…6Cc2'
 */
export function brief(address: Address): string {
  const checksummed = getAddress(address)
  return `${checksummed.slice(0, 6)}…${checksummed.slice(-4)}`
}
