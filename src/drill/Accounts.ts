/** The people of the drill, with the well-known test keys of anvil. Never send value to them on a public chain. */
import { pbkdf2Sync } from 'node:crypto'
import type { Address, Hex } from 'viem'
import { bytesToHex } from 'viem'
import { HDKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

/** Who takes part. The place in the list is the index of the key, so new names go to the end. */
export const names = [
  'deployer',
  'guardian',
  'owner1',
  'owner2',
  'owner3',
  'attacker',
  'arbitrageur',
  'whale',
  'lender1',
  'lender2',
  'lender3',
  'borrower1',
  'borrower2',
  'borrower3',
  'borrower4',
  'trader1',
  'trader2',
  'trader3',
  'trader4',
  'trader5',
  'trader6',
  'trader7',
  'trader8',
  'provider1',
  'provider2',
] as const

export type Name = (typeof names)[number]

export type Account = {
  readonly name: Name
  readonly address: Address
  /** Known to everybody: it comes from anvil's default mnemonic. */
  readonly privateKey: Hex
  /** Signs as this account; fit for a viem wallet client. */
  readonly signer: PrivateKeyAccount
}

export type Accounts = Readonly<Record<Name, Account>>

/** Anvil's default mnemonic. */
export const mnemonic = 'test test test test test test test test test test test junk'

/** Groups by what they do. */
export const lenders = ['lender1', 'lender2', 'lender3'] as const satisfies readonly Name[]
export const borrowers = ['borrower1', 'borrower2', 'borrower3', 'borrower4'] as const satisfies readonly Name[]
export const providers = ['provider1', 'provider2'] as const satisfies readonly Name[]
export const owners = ['owner1', 'owner2', 'owner3'] as const satisfies readonly Name[]
export type Owner = (typeof owners)[number]
export const traders = names.filter((name) => name.startsWith('trader'))

/**
 * Every account by name, derived at `m/44'/60'/0'/0/<place in the list>`.
 *
 * @example
 * Accounts.derive().deployer.address // '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
 */
export function derive(): Accounts {
  const root = HDKey.fromMasterSeed(pbkdf2Sync(mnemonic, 'mnemonic', 2048, 64, 'sha512')).derive("m/44'/60'/0'/0")
  const accounts = names.map((name, index) => {
    const privateKey = bytesToHex(root.deriveChild(index).privateKey!)
    const signer = privateKeyToAccount(privateKey)
    return [name, { name, address: signer.address, privateKey, signer }] as const
  })
  return Object.fromEntries(accounts) as Accounts
}
