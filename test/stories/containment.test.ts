import { createHash, createHmac } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import type * as Schemas from '../../src/api/contract/Schemas.ts'
import { webhook } from '../../src/comms/channels/webhook.ts'
import type * as Attack from '../../src/drill/Attack.ts'
import * as Timeline from '../../src/incident/Timeline.ts'
import * as Installation from '../installation.ts'
import { receive } from '../receiver.ts'

let place: Installation.Ground
let home: Installation.Installation
let receiver: Awaited<ReturnType<typeof receive>>
let round: Attack.Round
let incident: Schemas.Incident

beforeAll(async () => {
  receiver = await receive()
  place = await Installation.ground()
  home = await Installation.start(place, {
    setup: { channels: { ops: webhook({ url: receiver.url, secret: 'a secret of the test' }) } },
  })
  await place.mine(6)
  round = await place.attack()
  incident = await home.incidentThat('contained')
})

afterAll(async () => {
  await home?.stop()
  await place?.stop()
  await receiver?.stop()
})

test('the attack is a finding on its own transaction, a P1 alert and one incident', async () => {
  expect(round.status).toBe('success')
  expect(incident.severity).toBe('P1')
  expect(incident.beganBlock).toBe(round.blockNumber?.toString())
  const ofAttack = incident.findings.filter(({ transactionHash }) => transactionHash === round.hash)
  expect(ofAttack.map(({ detector, severity }) => `${detector} ${severity}`)).toContain('priceManipulation:vault P1')
  expect(incident.findings.filter(({ isError }) => isError)).toEqual([])
  expect(incident.alerts.some(({ severity }) => severity === 'P1')).toBe(true)
  expect(await home.ask('/api/incidents')).toHaveLength(1)
})

test('the guardian path goes through every step, and its dry run shows that the pause stops this very attack', async () => {
  const [run, ...others] = incident.runs
  expect(others).toEqual([])
  expect(run?.status).toBe('succeeded')
  const guardian = run?.steps.filter(({ path }) => path === 'guardian') ?? []
  expect(guardian.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'precondition done',
    'simulate done',
    'policy done',
    'sign done',
    'broadcast done',
    'confirm done',
    'verify done',
  ])
  expect(run?.steps.filter(({ path }) => path === 'safe').every(({ status }) => status === 'skipped')).toBe(true)
  const simulated = guardian.find(({ name }) => name === 'simulate')?.detail
  expect(simulated).toMatchObject({ succeeded: true, stopsAttack: true })
  expect(JSON.stringify(simulated)).toContain(round.hash)
})

test('one transaction of the guardian is on the chain, and the vault is paused once', async () => {
  const guardian = place.world.accounts.guardian.address
  expect(await place.nonce(guardian)).toBe(1)
  expect(await place.pauses()).toBe(1)
  expect(await place.isPaused()).toBe(true)
  const sent = incident.runs.flatMap(({ transactions }) => transactions)
  expect(sent).toHaveLength(1)
  expect(sent[0]).toMatchObject({ status: 'included', nonce: 0, blockNumber: incident.containedBlock })
  const receipt = (await place.rpc('eth_getTransactionReceipt', sent[0]?.hash)) as { blockNumber: string; from: string }
  expect(BigInt(receipt.blockNumber).toString()).toBe(incident.containedBlock)
  expect(receipt.from.toLowerCase()).toBe(guardian.toLowerCase())
})

test('anyone can ask the recorded call again and gets the recorded answer', async () => {
  const proofs = incident.exhibits.filter(({ kind }) => kind === 'containment_verification')
  expect(proofs).toHaveLength(1)
  const response = await home.call(`/api/exhibits/${proofs[0]?.id}`)
  const text = await response.text()
  expect(createHash('sha256').update(text).digest('hex')).toBe(proofs[0]?.sha256)
  expect(response.headers.get('content-disposition')).toContain('attachment')
  const { request, answer, blockNumber, blockHash, holds } = JSON.parse(text)
  expect(holds).toBe(true)
  expect(blockNumber).toBe(incident.containedBlock)
  expect(await place.rpc(request.method, ...request.params)).toBe(answer)
  expect(BigInt(answer)).toBe(1n)
  const block = (await place.rpc('eth_getBlockByHash', blockHash, false)) as { parentHash: string }
  // The block before it still answers no: the recorded call can tell the difference.
  const before = [request.params[0], { blockHash: block.parentHash }]
  expect(BigInt((await place.rpc(request.method, ...before)) as string)).toBe(0n)
})

test('the timeline is a hash chain that breaks when an entry is changed, and the database refuses to change it', async () => {
  expect(incident.intact).toBe(true)
  const entries = await Timeline.read(home.database, incident.id)
  expect(Timeline.firstBreak(incident.id, entries)).toBeUndefined()
  const forged = entries.map((entry, index) => (index === 2 ? { ...entry, summary: 'nothing happened' } : entry))
  expect(Timeline.firstBreak(incident.id, forged)).toBe(3)
  expect(Timeline.firstBreak(incident.id, entries.toSpliced(2, 1))).toBe(4)
  for (const table of ['timeline', 'exhibit'])
    for (const statement of [
      `update ${table} set incident_id = incident_id`,
      `delete from ${table}`,
      `truncate ${table}`,
      `update ${table} set incident_id = '' where false`,
    ])
      await expect(sql.raw(statement).execute(home.database), statement).rejects.toThrow('never changed or deleted')
})

test('each message reached the receiver with a signature that holds and a key of its own', async () => {
  const messages = await Installation.until('all is delivered', async () => {
    const all = await home.ask<Operations.OutboxMessage[]>('/api/outbox')
    return all.every(({ status }) => status === 'delivered') ? all : undefined
  })
  expect(receiver.received).toHaveLength(messages.length)
  const keys = receiver.received.map(({ headers }) => headers['idempotency-key'])
  expect(new Set(keys).size).toBe(keys.length)
  for (const { headers, body } of receiver.received) {
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['firebreak-signature'])) ?? []
    expect(mac).toBe(createHmac('sha256', 'a secret of the test').update(`${seconds}.${body}`).digest('hex'))
    expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60)
  }
  const kinds = receiver.received.map(({ body }) => JSON.parse(body).kind as string)
  expect(kinds).toContain('alert')
  expect(kinds.filter((kind) => kind === 'contained')).toHaveLength(1)
  const contained = receiver.received.map(({ body }) => JSON.parse(body)).find(({ kind }) => kind === 'contained')
  expect(contained.url).toBe(`${home.url}/incidents/${incident.id}`)
})

test('the report tells the arc as a page that loads nothing, and as JSON', async () => {
  const html = await (await home.call(`/api/incidents/${incident.id}/report.html`)).text()
  for (const part of [incident.id, round.hash, `verified at block ${incident.containedBlock}`, 'every exhibit hold'])
    expect(html).toContain(part)
  expect(html).not.toMatch(/<script|src=|href=/)
  const json = await home.ask<Schemas.Incident>(`/api/incidents/${incident.id}/report.json`)
  expect(json.id).toBe(incident.id)
  expect(json.runs[0]?.transactions).toHaveLength(1)
})

test('a second attempt of the attacker fails, and nothing more is sent', async () => {
  const again = await place.attack()
  expect(again.status).toBe('reverted')
  await place.mine(3)
  await home.judged(await place.head())
  expect(await place.nonce(place.world.accounts.guardian.address)).toBe(1)
  expect((await home.incident())?.runs).toHaveLength(1)
})
