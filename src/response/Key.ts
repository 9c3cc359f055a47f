/** A private key: where it is kept, and how it is read for the moment in which it signs. */
import { readFileSync } from 'node:fs'
import { Keystore } from 'ox'
import { type Address, type Hex, isAddressEqual, type PrivateKeyAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import * as Errors from '../base/Errors.ts'

/** Where the key is: an encrypted keystore (Web3 Secret Storage v3) with its passphrase, or the key itself, in the environment. */
export type Reference =
  | { readonly address: Address; readonly keystore: string; readonly passphraseEnv: string }
  | { readonly address: Address; readonly env: string }

/** Reads and decrypts the key; a keystore takes about a second. Throws where it is missing or is another's. */
export async function load(reference: Reference): Promise<PrivateKeyAccount> {
  const account =
    'env' in reference
      ? fromEnvironment(reference.env)
      : privateKeyToAccount(await decrypt(reference.keystore, reference.passphraseEnv))
  if (!isAddressEqual(account.address, reference.address)) throw new WrongKeyError(reference.address, account.address)
  return account
}

function fromEnvironment(name: string): PrivateKeyAccount {
  const value = process.env[name]
  if (!value) throw new MissingSecretError(name)
  try {
    if (/^0x[0-9a-fA-F]{64}$/.test(value)) return privateKeyToAccount(value as Hex)
  } catch {
    // Zero, or beyond the curve. What was thrown might carry the value.
  }
  throw new MalformedKeyError(name)
}

async function decrypt(path: string, passphraseEnv: string): Promise<Hex> {
  const password = process.env[passphraseEnv]
  if (password === undefined) throw new MissingSecretError(passphraseEnv)
  try {
    const keystore = JSON.parse(readFileSync(path, 'utf8')) as Keystore.Keystore
    return Keystore.decrypt(keystore, await Keystore.toKeyAsync(keystore, { password }))
  } catch (thrown) {
    // The cause could carry parts of the file; only its kind is told.
    throw new KeystoreError(
      path,
      (thrown as { code?: string } | null)?.code === 'ENOENT'
        ? 'there is no such file'
        : 'the passphrase is wrong, or the file is no keystore of version 3',
    )
  }
}

export class MissingSecretError extends Errors.BaseError {
  override readonly name = 'Key.MissingSecretError'
  constructor(variable: string) {
    super(`The environment variable ${variable} is not set.`, {
      remedy: 'config',
      advice: 'Set it for the process that runs Firebreak; it is never read from a file of the configuration.',
    })
  }
}

export class MalformedKeyError extends Errors.BaseError {
  override readonly name = 'Key.MalformedKeyError'
  constructor(variable: string) {
    super(`The environment variable ${variable} does not hold a private key.`, {
      remedy: 'config',
      advice: 'It must be 0x and 64 hexadecimal digits.',
    })
  }
}

export class KeystoreError extends Errors.BaseError {
  override readonly name = 'Key.KeystoreError'
  constructor(path: string, reason: string) {
    super(`The keystore ${path} cannot be opened: ${reason}.`, { remedy: 'config' })
  }
}

export class WrongKeyError extends Errors.BaseError {
  override readonly name = 'Key.WrongKeyError'
  constructor(expected: Address, got: Address) {
    super('The key is not that of the address in the configuration.', { remedy: 'config', facts: { expected, got } })
  }
}
