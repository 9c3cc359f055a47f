/** After containment: an unpause too early, what earlier runs left of a key, an attack that fights its own replay. */
import { encodeFunctionData, type Hex, numberToHex, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Log from '../../src/base/Log.ts'
import * as Chain from '../../src/chain/Chain.ts'
import { webhook } from '../../src/comms/channels/webhook.ts'
import * as Safe from '../../src/drill/Safe.ts'
import * as Sender from '../../src/drill/Sender.ts'
import * as Prepare from '../../src/playbook/Prepare.ts'
import * as Installation from '../installation.ts'
import { receive } from '../receiver.ts'

let place: Installation.Ground
let home: Installation.Installation
let receiver: Awaited<ReturnType<typeof receive>>

beforeEach(async () => {
  receiver = await receive()
  place = await Installation.ground()
  home = await Installation.start(place, {
    setup: { channels: { ops: webhook({ url: receiver.url, secret: 'a secret of the test' }) } },
  })
  await place.mine(3)
})

afterEach(async () => {
  await home?.stop()
  await place?.stop()
  await receiver?.stop()
})

/** The Safe's owners unpause the vault. */
async function unpause(): Promise<void> {
  const { world } = place
  const data = encodeFunctionData({ abi: parseAbi(['function unpause()']) })
  const order = await Safe.order(world, { to: world.contracts.vault.address, data })
  await Sender.sendAll(Sender.open(world.url, world.chainId, world.accounts), [order])
  await Installation.until('the vault is unpaused', async () => (await place.isPaused()) === false || undefined)
}

const guardianOf = ({ world }: Installation.Ground) => world.accounts.guardian

test('an unpause too early, and the attack goes on: the incident is active again, people are told, it is paused again', async () => {
  await place.attack()
  const { id } = await home.incidentThat('contained')
  await unpause()
  await place.attack()
  const incident = await Installation.until('it is contained for the second time', async () => {
    const now = await home.incident()
    return now?.runs.filter(({ status }) => status === 'succeeded').length === 2 ? now : undefined
  })
  expect(incident.id).toBe(id)
  expect(await place.pauses()).toBe(2)
  const moves = incident.timeline
    .filter(({ kind }) => kind === 'transition')
    .map(({ detail }) => `${detail.from} ${detail.to}`)
  expect(moves.slice(-3)).toEqual(['active contained', 'contained active', 'active contained'])
  await Installation.until(
    'people are told',
    async () => receiver.received.some(({ body }) => body.includes('No longer contained')) || undefined,
  )
})

test('a transaction whose inclusion nobody recorded does not stand in for the next pause', async () => {
  await place.attack()
  await home.incidentThat('contained')
  // As after a time-out: included, and the record does not know it.
  await home.database
    .updateTable('sent_transaction')
    .set({ status: 'broadcast', block_number: null, block_hash: null, included_at: null })
    .execute()
  await unpause()
  await place.attack()
  await Installation.until('there are two pauses', async () => (await place.pauses()) === 2 || undefined)
  const sent = await home.database.selectFrom('sent_transaction').select(['nonce', 'status']).orderBy('nonce').execute()
  expect(sent.map(({ nonce }) => nonce)).toEqual([0n, 1n])
  expect(sent[0]?.status).toBe('included')
})

test('what a run that is over left at the next nonce is outbid, never sent', async () => {
  await place.attack()
  await home.incidentThat('contained')
  await unpause()
  const guardian = guardianOf(place)
  const signer = privateKeyToAccount(guardian.privateKey)
  const nonce = await place.nonce(guardian.address)
  const raw = await signer.signTransaction({
    chainId: place.world.chainId,
    to: place.world.accounts.attacker.address,
    value: 1n,
    nonce,
    gas: 21_000n,
    maxFeePerGas: 90n * 10n ** 9n,
    maxPriorityFeePerGas: 2n * 10n ** 9n,
  })
  const [first] = await home.database.selectFrom('sent_transaction').selectAll().execute()
  if (!first) throw new Error('nothing was sent')
  const left = {
    ...first,
    hash: `0x${'ab'.repeat(32)}`,
    path: 'left over',
    nonce: BigInt(nonce),
    raw,
    status: 'signed',
    block_number: null,
    block_hash: null,
    accepted_at: null,
    included_at: null,
  }
  await home.database.insertInto('sent_transaction').values(left).execute()
  await place.attack()
  await Installation.until('there are two pauses', async () => (await place.pauses()) === 2 || undefined)
  const rows = await home.database
    .selectFrom('sent_transaction')
    .select(['hash', 'status'])
    .where('nonce', '=', BigInt(nonce))
    .execute()
  expect(rows.find(({ hash }) => hash === left.hash)?.status).toBe('replaced')
  expect(rows).toHaveLength(2)
  expect(await place.nonce(guardian.address)).toBe(nonce + 1)
})

test('an attack that can no longer pay for its own replay does not keep the pause from being sent', async () => {
  const { anvil, world } = place
  const attacker = world.accounts.attacker.address
  const hash = (await place.rpc('eth_sendTransaction', {
    from: attacker,
    to: world.accounts.guardian.address,
    value: numberToHex(10n ** 18n),
  })) as Hex
  await place.mine(1)
  await place.rpc('anvil_setBalance', attacker, '0x0')
  const chain = await Chain.open({
    name: 'local',
    chain: 'eip155:31337',
    endpoints: [anvil.wsUrl],
    log: Log.create('silent'),
  })
  const attempt = place.config().playbooks?.[0]?.attempts[0]
  if (!attempt) throw new Error('the drill has no playbook')
  const simulation = await Prepare.simulate(chain, attempt.action, attempt.by, hash)
  chain.close()
  expect(simulation.succeeded).toBe(true)
  // A plain payment is not stopped by a pause; that is said, and refuses nothing.
  expect(simulation.stopsAttack).toBe(false)
})
