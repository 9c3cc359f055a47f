import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keystore } from 'ox'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import * as Errors from '../base/Errors.ts'
import * as Key from './Key.ts'
import { keySender } from './keySender.ts'

const privateKey = generatePrivateKey()
const address = privateKeyToAddress(privateKey)
const other = privateKeyToAddress(generatePrivateKey())
const [variable, passphrase] = ['FIREBREAK_TEST_KEY', 'FIREBREAK_TEST_PASSPHRASE']
let directory: string
let keystore: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-key-'))
  keystore = join(directory, 'keystore.json')
  const [key, options] = await Keystore.scryptAsync({ password: 'correct horse', n: 1024 })
  writeFileSync(keystore, JSON.stringify(Keystore.encrypt(privateKey, key, options)))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))
afterEach(() => {
  delete process.env[variable]
  delete process.env[passphrase]
})

/** What is said of a failure, which never holds anything of the key or the passphrase. */
async function failure(reference: Key.Reference): Promise<Errors.BaseError> {
  const thrown = await Key.load(reference).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(Errors.BaseError)
  const text = `${(thrown as Error).stack} ${JSON.stringify(thrown)} ${String((thrown as Error).cause)}`
  for (const secret of [privateKey.slice(2), process.env[variable]?.slice(2), process.env[passphrase]])
    if (secret) expect(text.toLowerCase().includes(secret.toLowerCase())).toBe(false)
  return thrown as Errors.BaseError
}

test('a key from a keystore and one from the environment sign as the address', async () => {
  process.env[variable] = privateKey
  process.env[passphrase] = 'correct horse'
  for (const reference of [
    { address, env: variable },
    { address, keystore, passphraseEnv: passphrase },
  ])
    expect((await Key.load(reference)).address).toBe(address)
})

test('a wrong passphrase, a missing file and a file that is no keystore are told, and the key is not', async () => {
  process.env[passphrase] = 'wrong horse of a certain length'
  const broken = join(directory, 'broken.json')
  writeFileSync(broken, `{"secret": "${privateKey}"`)
  const cases = [keystore, join(directory, 'none.json'), broken]
  for (const file of cases) {
    const error = await failure({ address, keystore: file, passphraseEnv: passphrase })
    expect(error).toMatchObject({ name: 'Key.KeystoreError', remedy: 'config' })
    expect(error.message).toContain(file)
  }
})

test('another key than the address needs is named by both addresses', async () => {
  process.env[variable] = privateKey
  const error = await failure({ address: other, env: variable })
  expect(error).toMatchObject({ name: 'Key.WrongKeyError', facts: { expected: other, got: address } })
})

test('a variable that is not set, or holds no key, is named', async () => {
  expect(await failure({ address, env: variable })).toMatchObject({ name: 'Key.MissingSecretError' })
  expect(await failure({ address, keystore, passphraseEnv: passphrase })).toMatchObject({
    name: 'Key.MissingSecretError',
  })
  for (const value of [
    '0x1234',
    privateKey.slice(2),
    `${privateKey}00`,
    `0x${'00'.repeat(32)}`,
    `0x${'ff'.repeat(32)}`,
  ] as Hex[]) {
    process.env[variable] = value
    const error = await failure({ address, env: variable })
    expect(error).toMatchObject({ name: 'Key.MalformedKeyError', remedy: 'config' })
    expect(error.message).toContain(variable)
  }
})

test('a key that was missing is found at the next try', async () => {
  const sender = keySender({ address, env: variable })
  await expect(sender.unlock()).rejects.toThrow(Key.MissingSecretError)
  process.env[variable] = privateKey
  await sender.unlock()
})
