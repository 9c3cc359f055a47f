import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Data from '../../../test/database.ts'
import * as Alert from '../../alert/Alert.ts'
import * as Changes from '../../base/Changes.ts'
import * as Id from '../../base/Id.ts'
import * as Log from '../../base/Log.ts'
import * as Incident from '../../incident/Incident.ts'
import * as Timeline from '../../incident/Timeline.ts'
import * as Approval from '../../playbook/Approval.ts'
import * as Api from '../Api.ts'
import type { Context } from '../Context.ts'

let home: Awaited<ReturnType<typeof Data.open>>
beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())

test('a decision that is stored is answered as such though the run cannot be woken, and its signature is not told', async () => {
  const clock = Data.clock()
  const now = clock.now()
  const incident = await home.database.transaction().execute(async (connection) => {
    const [raised] = await Alert.raise(connection, await Alert.keep(connection, [Data.finding()]), now)
    return raised && Incident.join(connection, raised, { timestamp: now }, now)
  })
  const incidentId = incident?.id ?? ''
  const found = await home.database.selectFrom('finding').select('id').executeTakeFirstOrThrow()
  await home.database
    .insertInto('run')
    .values({
      ...{ id: 'run_1', incident_id: incidentId, finding_id: found.id, playbook: 'p', playbook_version: '1' },
      ...{ status: 'waiting_approval', started_at: now },
    })
    .execute()
  const expiresAt = new Date(now.getTime() + 60_000)
  const actionHash = `0x${'1'.repeat(64)}` as const
  const scope = {
    deployment: 'd',
    incident: incidentId,
    run: 'run_1',
    path: 'guardian',
    action: 'Pause',
    actionHash,
    expiresAt,
  }
  const grant = Approval.document(Data.chain, scope, 'grant')
  const request: Approval.Request = {
    ...{
      action: 'Pause',
      target: `0x${'2'.repeat(40)}`,
      functionName: 'pause()',
      arguments: [],
      calldata: '0x8456cb59',
    },
    ...{
      valueWei: '0',
      chain: Data.chain,
      grant,
      refuse: Approval.document(Data.chain, scope, 'refuse'),
      simulation: null,
    },
  }
  const { id } = await Approval.ask(home.database, scope, { role: 'signer', threshold: 1 }, request, now)
  const signer = privateKeyToAccount(generatePrivateKey())
  const context: Context = {
    ...{ database: home.database, clock, log: Log.create('silent'), changes: Changes.create() },
    ...{ chains: new Map(), labels: new Map(), tokenHash: Id.sha256('token'), consoleDirectory: undefined },
    people: [{ id: 'anna', name: 'Anna', roles: ['signer'], address: signer.address }],
    readiness: () => Promise.reject(new Error('not asked for')),
    decided: () => Promise.reject(new Error('the connection to the database was cut')),
  }
  const signature = await signer.signTypedData(grant as Parameters<typeof signer.signTypedData>[0])
  const answer = await Api.create(context).request(`/api/approvals/${id}/decisions`, {
    method: 'POST',
    headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    body: JSON.stringify({ decision: 'grant', signature }),
  })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ status: 'granted', decisions: [{ person: 'anna' }] })
  const told = (await Timeline.read(home.database, incidentId)).filter(({ kind }) => kind === 'approval')
  expect(told.map(({ detail }) => detail)).toEqual([
    { approval: id, decision: 'grant', address: signer.address, signatureSha256: Id.sha256(signature), actionHash },
  ])
})
