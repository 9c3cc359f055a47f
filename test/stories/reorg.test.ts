import { afterEach, beforeEach, expect, test } from 'vitest'
import type * as Schemas from '../../src/api/contract/Schemas.ts'
import * as Id from '../../src/base/Id.ts'
import * as Log from '../../src/base/Log.ts'
import * as Chain from '../../src/chain/Chain.ts'
import * as Facts from '../../src/chain/Facts.ts'
import * as Fetch from '../../src/chain/Fetch.ts'
import type * as Detector from '../../src/detector/Detector.ts'
import * as States from '../../src/detector/States.ts'
import * as Installation from '../installation.ts'
import * as Rehearsal from '../rehearsal.ts'

let place: Installation.Ground
const undo: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  place = await Installation.ground()
  undo.push(() => place.stop())
  await place.mine(40)
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function open(setup: Parameters<Installation.Ground['config']>[0] = {}) {
  const home = await Installation.start(place, { setup })
  undo.push(() => home.stop())
  await home.judged(await place.head())
  return home
}

/** Replaces the last blocks by empty ones with other hashes, then makes one more so that the new branch is the longer. */
async function turn(depth: number): Promise<void> {
  await place.rpc('anvil_reorg', depth, [])
  await place.mine(1)
}

async function expectSettled(home: Installation.Installation): Promise<void> {
  const head = await place.head()
  const { hash } = (await place.rpc('eth_getBlockByNumber', 'latest', false)) as { hash: string }
  await Installation.until('the cursor is at the head', async () => {
    const cursor = await home.database.selectFrom('cursor').selectAll().executeTakeFirst()
    return cursor?.number === head && cursor.hash === hash ? true : undefined
  })
  const standing = await home.database
    .selectFrom('block')
    .selectAll()
    .where('retracted_at', 'is', null)
    .orderBy('number')
    .execute()
  expect(standing.map(({ number }) => number)).toEqual(
    standing.map((_, index) => place.world.readyAt + 1n + BigInt(index)),
  )
  for (const [index, { parent_hash }] of standing.slice(1).entries()) expect(parent_hash).toBe(standing[index]?.hash)
}

/** What a server that had seen only the chain as it now stands would have found and would remember. */
async function expectAsIfReplayed(home: Installation.Installation): Promise<void> {
  const { detectors } = place.config()
  const chain = await Chain.open({
    name: 'replay',
    chain: 'eip155:31337',
    endpoints: [place.anvil.httpUrl],
    log: Log.create('silent'),
  })
  undo.push(async () => chain.close())
  const demand = Facts.union(
    detectors.flatMap(({ inputs }) => Object.values(inputs as Detector.Inputs).map((input) => input.demand)),
  )
  const blocks: Facts.Facts[] = []
  for (let number = place.world.readyAt + 1n; number <= (await place.head()); number += 1n)
    blocks.push(await Fetch.facts(chain, number, demand))
  const fresh = Rehearsal.replay(detectors, blocks)
  const standing = await home.database
    .selectFrom('finding')
    .select('id')
    .where('retracted_at', 'is', null)
    .where('stage', '=', 'included')
    .execute()
  expect(standing.map(({ id }) => id).sort()).toEqual(fresh.findings.map(({ id }) => id).sort())
  const states = await States.load(home.database, chain.key, detectors)
  expect(Id.canonical([...states].sort())).toBe(Id.canonical([...fresh.states].sort()))
}

for (const depth of [1, 5, 32])
  test(`a reorganisation of depth ${depth} takes back the findings of its blocks and the memory of the detectors`, async () => {
    const home = await open({ with: { playbooks: [] } })
    const round = await place.attack()
    await place.mine(depth - 1)
    await home.judged(await place.head())
    const before = (await home.incident()) as Schemas.Incident
    const attackBlock = round.blockNumber?.toString()
    expect(before.findings.some(({ transactionHash }) => transactionHash === round.hash)).toBe(true)
    await turn(depth)
    await expectSettled(home)

    const findings = await home.ask<Schemas.Finding[]>('/api/findings')
    const replaced = new Set(
      (await home.database.selectFrom('block').select('hash').where('retracted_at', 'is not', null).execute()).map(
        ({ hash }) => hash,
      ),
    )
    expect(replaced.size).toBe(depth)
    for (const { blockHash, retractedAt } of findings) expect(retractedAt !== null).toBe(replaced.has(blockHash))
    expect(findings.some(({ blockNumber, retractedAt }) => blockNumber === attackBlock && retractedAt !== null)).toBe(
      true,
    )
    const alerts = await home.ask<Schemas.Alert[]>('/api/alerts')
    for (const { id, status, findingCount } of alerts) {
      const left = findings.filter(({ alertId, retractedAt }) => alertId === id && retractedAt === null)
      expect(findingCount).toBe(left.length)
      expect(status).toBe(left.length === 0 ? 'retracted' : 'open')
    }
    const after = (await home.incident()) as Schemas.Incident
    expect(after.timeline.some(({ kind }) => kind === 'retraction')).toBe(true)
    expect(after.intact).toBe(true)
    await expectAsIfReplayed(home)

    // The same attack on the new branch is told once more, as one alert of its own.
    const again = await place.attack()
    await home.judged(await place.head())
    const told = await home.ask<Schemas.Finding[]>('/api/findings')
    expect(
      told.some(({ transactionHash, retractedAt }) => transactionHash === again.hash && retractedAt === null),
    ).toBe(again.status === 'success')
    await expectAsIfReplayed(home)
  })

for (const depth of [1, 5])
  test(`containment in a block that is replaced, ${depth} deep, is proven again on the new branch by one pause`, async () => {
    const home = await open()
    await place.attack()
    const first = await home.incidentThat('contained')
    await place.mine(depth - 1)
    await home.judged(await place.head())
    const guardian = place.world.accounts.guardian.address
    await turn(depth)
    const incident = await Installation.until(
      'it is contained anew',
      async () => {
        const now = await home.incident()
        return now?.status === 'contained' && now.runs.length === 2 ? now : undefined
      },
      async () => JSON.stringify(await home.incident(), null, 1),
    )
    await expectSettled(home)
    expect(await place.isPaused()).toBe(true)
    expect(await place.pauses()).toBe(1)
    // One transaction: the bytes that were signed the first time were sent again.
    expect(await place.nonce(guardian)).toBe(1)
    const sent = incident.runs.flatMap(({ transactions }) => transactions)
    expect(sent.map(({ hash, status }) => [hash, status])).toEqual([[first.runs[0]?.transactions[0]?.hash, 'included']])
    expect(incident.runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
    const moves = incident.timeline.filter(({ kind }) => kind === 'transition').map(({ detail }) => detail.to)
    expect(moves.slice(-3)).toEqual(['contained', 'active', 'contained'])
    expect(incident.intact).toBe(true)
    await expectAsIfReplayed(home)
    // The proof that counts is of a block that stands.
    const row = await home.database.selectFrom('incident').selectAll().executeTakeFirstOrThrow()
    const block = (await place.rpc('eth_getBlockByNumber', `0x${row.contained_block?.toString(16)}`, false)) as {
      hash: string
    }
    expect(block.hash).toBe(row.contained_hash)
  })

test('a block that is replaced before it was judged proves nothing, although the playbook saw it', async () => {
  const home = await open()
  await place.attack()
  const first = await home.incidentThat('contained')
  // The record as it is where the chain turns between inclusion and judgement: proven in a block that was never judged.
  const foreign = `0x${'cd'.repeat(32)}`
  const next = (await place.head()) + 1n
  await home.database.updateTable('incident').set({ contained_block: next, contained_hash: foreign }).execute()
  await home.database.updateTable('sent_transaction').set({ block_number: next, block_hash: foreign }).execute()
  await place.mine(1)
  const incident = await Installation.until('it is contained anew', async () => {
    const now = await home.incident()
    return now?.status === 'contained' && now.runs.length === 2 ? now : undefined
  })
  expect(incident.timeline.filter(({ kind }) => kind === 'transition').map(({ detail }) => detail.to)).toContain(
    'active',
  )
  expect(incident.containedBlock).not.toBe(first.containedBlock)
  expect(await place.pauses()).toBe(1)
})
