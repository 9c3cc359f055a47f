/** A real database of its own for tests of what rests on one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Clock from '../src/base/Clock.ts'
import type * as Finding from '../src/detector/Finding.ts'
import * as Database from '../src/store/Database.ts'
import * as Embedded from '../src/store/Embedded.ts'

export const chain = `eip155:31337@0x${'00'.repeat(32)}` as const

export async function open() {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-database-'))
  const postgres = await Embedded.start({ directory, ephemeral: true })
  const database = await Database.open(postgres.url)
  await database
    .insertInto('chain')
    .values({ key: chain, caip2: 'eip155:31337', genesis_hash: `0x${'00'.repeat(32)}`, first_seen_at: new Date(0) })
    .execute()
  return {
    database,
    url: postgres.url,
    stop: async () => {
      await database.destroy()
      await postgres.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A clock that stands until it is moved. */
export function clock(start = '2026-01-01T00:00:00.000Z') {
  let now = new Date(start)
  const stands: Clock.Clock = { now: () => now, sleep: async () => {} }
  const pass = (milliseconds: number) => {
    now = new Date(now.getTime() + milliseconds)
  }
  return { ...stands, pass }
}

/** A finding as a detector would have made it. */
export function finding(changes: Partial<Finding.Finding> = {}): Finding.Finding {
  return {
    id: `finding_${Math.random().toString(36).slice(2)}`,
    deploymentId: 'deployment_test',
    chain,
    blockNumber: 7n,
    blockHash: `0x${'07'.repeat(32)}`,
    stage: 'included',
    transactionHash: undefined,
    detector: 'largeOutflow',
    detectorVersion: '1',
    ruleSetVersion: 'test',
    system: 'vault',
    subject: 'eip155:31337:0x0000000000000000000000000000000000000001',
    actors: [],
    severity: 'P1',
    confidence: 0.9,
    sentence: 'A lot left the vault.',
    isError: false,
    values: {},
    foundAt: new Date(0),
    ...changes,
  }
}
