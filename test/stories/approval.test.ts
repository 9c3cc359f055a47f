import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import type { Hex, TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import type * as Schemas from '../../src/api/contract/Schemas.ts'
import type * as Accounts from '../../src/drill/Accounts.ts'
import * as World from '../../src/drill/World.ts'
import * as Approval from '../../src/playbook/Approval.ts'
import * as Database from '../../src/store/Database.ts'
import * as Embedded from '../../src/store/Embedded.ts'
import * as Installation from '../installation.ts'
import * as Process from '../process.ts'

let place: Installation.Ground
const undo: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  place = await Installation.ground()
  undo.push(() => place.stop())
  await place.mine(6)
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

type Client = ReturnType<typeof Installation.client>

/** The approval that waits, once there is one. */
function waiting(home: Client, path: string): Promise<Schemas.Approval> {
  return Installation.until(`${path} waits for signatures`, async () => {
    const all = await home.ask<Schemas.ApprovalSummary[]>('/api/approvals')
    const found = all.find((approval) => approval.path === path && approval.status === 'waiting')
    return found && home.ask<Schemas.Approval>(`/api/approvals/${found.id}`)
  })
}

async function attacked(setup: Parameters<Installation.Ground['config']>[0]) {
  const home = await Installation.start(place, { setup })
  undo.push(() => home.stop())
  await place.attack()
  return home
}

const signer = (name: Accounts.Name) => place.world.accounts[name].signer
const documentOf = (approval: Schemas.Approval, decision: 'grant' | 'refuse') =>
  approval.typedData[decision] as unknown as TypedDataDefinition

async function decide(
  home: Client,
  approval: Schemas.Approval,
  who: Accounts.Name,
  decision: 'grant' | 'refuse' = 'grant',
) {
  const signature = await signer(who).signTypedData(documentOf(approval, decision))
  return hand(home, approval, decision, signature)
}

async function hand(home: Client, { id }: { id: string }, decision: string, signature: Hex) {
  const response = await home.post(`/api/approvals/${id}/decisions`, { decision, signature })
  return { status: response.status, body: (await response.json()) as Schemas.ApprovalSummary & Operations.Problem }
}

const nothingSent = async () => {
  expect(await place.isPaused()).toBe(false)
  for (const name of ['guardian'] as const) expect(await place.nonce(place.world.accounts[name].address)).toBe(0)
  expect(await World.read(place.world, 'safe', 'nonce')).toBe(safeNonce)
}
let safeNonce: unknown
beforeEach(async () => {
  safeNonce = await World.read(place.world, 'safe', 'nonce')
})

test('two owners sign the Safe transaction; the Safe executes it, and the incident is contained', async () => {
  const home = await attacked({ paths: ['safe'] })
  const approval = await waiting(home, 'safe')
  expect(approval).toMatchObject({ threshold: 2, role: 'signer', functionName: 'pause()', status: 'waiting' })
  expect(approval.simulation).toMatchObject({ succeeded: true, stopsAttack: true })
  expect(approval.candidates.map(({ person }) => person)).toEqual(['owner1', 'owner2', 'owner3'])
  expect(approval.typedDataHash).toBe(Approval.documentHash(documentOf(approval, 'grant')))
  expect((await home.incident())?.approvalsWaiting).toBe(1)

  expect((await decide(home, approval, 'owner2')).body.status).toBe('waiting')
  await nothingSent()
  expect((await decide(home, approval, 'owner1')).body.status).toBe('granted')
  const incident = await home.incidentThat('contained')
  expect(await World.read(place.world, 'safe', 'nonce')).toBe((safeNonce as bigint) + 1n)
  expect(await place.pauses()).toBe(1)
  const [sent] = incident.runs.flatMap(({ transactions }) => transactions)
  expect(sent).toMatchObject({ status: 'included', blockNumber: incident.containedBlock })
  expect(sent?.to.label).toBe('Treasury Safe')
  const summaries = incident.timeline.map(({ actor, summary }) => `${actor} ${summary}`)
  expect(summaries).toContain('person:owner2 Owner 2 signed: Pause Lending vault')
  expect(incident.intact).toBe(true)
})

test('what does not count: another document, another person, the same person twice, the token alone', async () => {
  const home = await attacked({
    approvals: 2,
    with: {
      people: Installation.setupOf(place).people?.map((person) =>
        person.id === 'owner3' ? { ...person, roles: ['reader'] } : person,
      ),
    },
    paths: ['guardian'],
  })
  const approval = await waiting(home, 'guardian')
  const document = documentOf(approval, 'grant')

  // The same document with another deadline, or the refusal handed in as a grant.
  const altered = { ...document, message: { ...document.message, expiresAt: '1' } } as TypedDataDefinition
  const foreign = await hand(home, approval, 'grant', await signer('owner1').signTypedData(altered))
  expect(foreign).toMatchObject({ status: 409, body: { error: 'Approval.StrangerError' } })
  const crossed = await hand(
    home,
    approval,
    'grant',
    await signer('owner1').signTypedData(documentOf(approval, 'refuse')),
  )
  expect(crossed).toMatchObject({ status: 409, body: { error: 'Approval.StrangerError' } })
  const stranger = privateKeyToAccount(generatePrivateKey())
  const strange = await hand(home, approval, 'grant', await stranger.signTypedData(document))
  expect(strange).toMatchObject({ status: 409, body: { error: 'Approval.StrangerError' } })
  expect(strange.body.message).toContain(stranger.address)
  expect(await decide(home, approval, 'owner3')).toMatchObject({
    status: 409,
    body: { error: 'Approval.WrongRoleError' },
  })
  for (const signature of ['0x00', `0x${'00'.repeat(65)}`, `0x${'ff'.repeat(65)}`] as const)
    expect((await hand(home, approval, 'grant', signature)).status, signature).toBe(409)
  expect((await hand(home, approval, 'grant', '0xzz' as Hex)).status).toBe(400)
  expect((await home.post(`/api/approvals/${approval.id}/decisions`, { decision: 'grant' })).status).toBe(400)

  expect((await decide(home, approval, 'owner1')).status).toBe(200)
  expect(await decide(home, approval, 'owner1')).toMatchObject({
    status: 409,
    body: { error: 'Approval.DecidedAlreadyError' },
  })
  const after = await home.ask<Schemas.Approval>(`/api/approvals/${approval.id}`)
  expect(after).toMatchObject({ status: 'waiting', threshold: 2 })
  expect(after.decisions.map(({ person }) => person)).toEqual(['owner1'])
  await nothingSent()

  expect((await decide(home, approval, 'owner2')).body.status).toBe('granted')
  await home.incidentThat('contained')
  expect(await decide(home, approval, 'owner2')).toMatchObject({
    status: 409,
    body: { error: 'Approval.SettledError' },
  })
  expect(await place.pauses()).toBe(1)
})

test('one refusal ends a path, and the next one asks anew; a second refusal ends the run and pages people', async () => {
  const home = await attacked({ approvals: 2 })
  const first = await waiting(home, 'guardian')
  expect((await decide(home, first, 'owner1')).status).toBe(200)
  expect((await decide(home, first, 'owner2', 'refuse')).body.status).toBe('refused')
  expect((await decide(home, first, 'owner3')).body.error).toBe('Approval.SettledError')
  const second = await waiting(home, 'safe')
  await nothingSent()
  // A signature of the path that was refused is none for the other.
  const old = await signer('owner1').signTypedData(documentOf(first, 'grant'))
  expect((await hand(home, second, 'grant', old)).body.error).toBe('Approval.StrangerError')
  expect((await decide(home, second, 'owner3', 'refuse')).body.status).toBe('refused')
  const incident = await Installation.until('the run has failed', async () => {
    const now = await home.incident()
    return now?.runs[0]?.status === 'failed' ? now : undefined
  })
  expect(incident.status).toBe('active')
  expect(incident.runs[0]?.outcome).toContain('refused')
  await nothingSent()
  // The attack goes on, so the playbook is tried again.
  await place.attack()
  const third = await waiting(home, 'guardian')
  expect(third.id).not.toBe(first.id)
})

test('an approval nobody completes expires, and a late signature does not count', async () => {
  const [playbook] = place.config({ paths: ['safe'] }).playbooks ?? []
  if (!playbook) throw new Error('The drill has a playbook.')
  const [attempt] = playbook.attempts
  const short = {
    ...playbook,
    attempts: [{ ...attempt, approval: { role: 'signer', people: 2, within: '2s' } }] as const,
  }
  const home = await attacked({ with: { playbooks: [short as never] } })
  const approval = await waiting(home, 'safe')
  expect((await decide(home, approval, 'owner1')).status).toBe(200)
  await Installation.until('it has expired', async () => {
    const now = await home.ask<Schemas.Approval>(`/api/approvals/${approval.id}`)
    return now.status === 'expired' || undefined
  })
  const late = await decide(home, approval, 'owner2')
  expect(late).toMatchObject({ status: 409, body: { error: 'Approval.SettledError' } })
  const run = await Installation.until('the run has failed', async () => {
    const [now] = (await home.incident())?.runs ?? []
    return now?.status === 'failed' ? now : undefined
  })
  expect(run.outcome).toContain('expired')
  await nothingSent()
})

test('a hardware wallet that ends its signature in 0 or 1 counts for the Safe as well', async () => {
  const home = await attacked({ paths: ['safe'] })
  const approval = await waiting(home, 'safe')
  for (const who of ['owner1', 'owner3'] as const) {
    const signature = await signer(who).signTypedData(documentOf(approval, 'grant'))
    const parity = Number.parseInt(signature.slice(-2), 16) - 27
    const handed = await hand(home, approval, 'grant', `${signature.slice(0, -2)}0${parity}` as Hex)
    expect(handed.status).toBe(200)
  }
  await home.incidentThat('contained')
  expect(await place.pauses()).toBe(1)
})

test('the command approve signs with a key of its own and hands the signature in', async () => {
  const home = await attacked({ paths: ['safe'] })
  const approval = await waiting(home, 'safe')
  const run = promisify(execFile)
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const approve = (name: Accounts.Name, key: Hex, more: readonly string[] = ['--yes']) =>
    run(
      process.execPath,
      [
        '--conditions=source',
        main,
        'approve',
        approval.id,
        '--address',
        place.world.accounts[name].address,
        '--key-env',
        'THE_KEY',
        '--url',
        home.url,
        '--json',
        ...more,
      ],
      { env: { ...process.env, FIREBREAK_TOKEN: home.token, THE_KEY: key } },
    ).then(
      ({ stdout }) => ({ code: 0, said: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') }),
      ({ code, stdout }: { code: number; stdout: string }) => ({
        code,
        said: JSON.parse(stdout.trim().split('\n').at(-1) ?? ''),
      }),
    )
  expect(await approve('owner1', place.world.accounts.owner1.privateKey, [])).toMatchObject({
    code: 2,
    said: { error: 'approve.UnconfirmedError' },
  })
  const wrong = await approve('owner1', place.world.accounts.owner2.privateKey)
  expect(wrong).toMatchObject({ code: 3, said: { error: 'Key.WrongKeyError' } })
  expect(JSON.stringify(wrong)).not.toContain(place.world.accounts.owner2.privateKey.slice(2))
  expect(await approve('owner1', place.world.accounts.owner1.privateKey)).toMatchObject({
    code: 0,
    said: { status: 'waiting' },
  })
  expect(await approve('owner1', place.world.accounts.owner1.privateKey)).toMatchObject({
    code: 2,
    said: { error: 'Approval.DecidedAlreadyError' },
  })
  expect(await approve('owner2', place.world.accounts.owner2.privateKey)).toMatchObject({
    code: 0,
    said: { status: 'granted' },
  })
  await home.incidentThat('contained')
}, 60_000)

test('a decision that was stored just before a crash wakes the run at the next start', async () => {
  undo.push(() => Process.clear(place))
  const first = Process.start(place, { setup: { paths: ['safe'] } })
  undo.push(async () => first.kill())
  const { url = '', token = '' } = await first.first
  await place.attack()
  const home = Installation.client(url, token)
  const approval = await waiting(home, 'safe')
  expect((await decide(home, approval, 'owner1')).status).toBe(200)
  first.kill()
  await first.ended

  // The second decision is stored as the API does it, and then the process is gone before it wakes anyone.
  const postgres = await Embedded.start({ directory: place.directory })
  const database = await Database.open(postgres.url)
  const people = place.config().people ?? []
  const signature = await signer('owner2').signTypedData(documentOf(approval, 'grant'))
  const settled = await database
    .transaction()
    .execute((connection) =>
      Approval.decide(connection, people, approval.id, { decision: 'grant', signature }, new Date()),
    )
  expect(settled.approval.status).toBe('granted')
  await database.destroy()

  const second = Process.start(place, { setup: { paths: ['safe'] } })
  undo.push(async () => second.kill())
  const ready = await second.first
  const incident = await Installation.client(ready.url ?? '', ready.token ?? '').incidentThat('contained')
  expect(incident.runs).toHaveLength(1)
  expect(await World.read(place.world, 'safe', 'nonce')).toBe((safeNonce as bigint) + 1n)
}, 60_000)

test('a run that was begun by another version is ended and people are told, instead of waiting for ever', async () => {
  undo.push(() => Process.clear(place))
  const first = Process.start(place, { setup: { paths: ['safe'] } })
  undo.push(async () => first.kill())
  const { url = '', token = '' } = await first.first
  await place.attack()
  await waiting(Installation.client(url, token), 'safe')
  first.kill()
  await first.ended
  const postgres = await Embedded.start({ directory: place.directory })
  const database = await Database.open(postgres.url)
  await sql`update dbos.workflow_status set application_version = 'of long ago'`.execute(database)
  await database.destroy()

  const second = Process.start(place, { setup: { paths: ['safe'] } })
  undo.push(async () => second.kill())
  const ready = await second.first
  const home = Installation.client(ready.url ?? '', ready.token ?? '')
  const run = await Installation.until('the run has failed', async () => {
    const [now] = (await home.incident())?.runs ?? []
    return now?.status === 'failed' ? now : undefined
  })
  expect(run.outcome).toContain('could not be resumed')
  // The attack goes on, so the playbook is tried again, and now people can contain it.
  await place.attack()
  const approval = await waiting(home, 'safe')
  for (const who of ['owner1', 'owner2'] as const) await decide(home, approval, who)
  await home.incidentThat('contained')
}, 60_000)

test('an action that was changed while people were asked is not done in their name', async () => {
  undo.push(() => Process.clear(place))
  const first = Process.start(place, { setup: { approvals: 2, paths: ['guardian'] } })
  undo.push(async () => first.kill())
  const { url = '', token = '' } = await first.first
  await place.attack()
  const approval = await waiting(Installation.client(url, token), 'guardian')
  first.kill()
  await first.ended

  // One signature is enough under the new configuration, and the old request still waits for two.
  const second = Process.start(place, { setup: { approvals: 1, paths: ['guardian'] } })
  undo.push(async () => second.kill())
  const ready = await second.first
  const home = Installation.client(ready.url ?? '', ready.token ?? '')
  for (const who of ['owner1', 'owner2'] as const) await decide(home, approval, who)
  const run = await Installation.until('the run has failed', async () => {
    const [now] = (await home.incident())?.runs ?? []
    return now?.status === 'failed' ? now : undefined
  })
  expect(run.outcome).toContain('changed')
  await nothingSent()
}, 60_000)
