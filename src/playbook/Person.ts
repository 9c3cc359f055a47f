/** Someone who may decide: known by the address whose signatures are theirs. */
import { type Address, isAddressEqual } from 'viem'

export type Person = {
  readonly id: string
  readonly name: string
  /** For example `guardian`, `signer`, `incident_leader`. */
  readonly roles: readonly string[]
  readonly address: Address
}

/** The people of a role. */
export function withRole(people: readonly Person[], role: string): readonly Person[] {
  return people.filter(({ roles }) => roles.includes(role))
}

/** The person of an address. */
export function byAddress(people: readonly Person[], address: Address): Person | undefined {
  return people.find((person) => isAddressEqual(person.address, address))
}
