import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Testing from '../../test/database.ts'
import { until } from '../../test/installation.ts'
import * as Lease from './Lease.ts'

let home: Awaited<ReturnType<typeof Testing.open>>

beforeAll(async () => {
  home = await Testing.open()
})
afterAll(async () => {
  await home?.stop()
})

/** The process of the server that holds the lock. */
async function holder(): Promise<number> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_locks where locktype = 'advisory' and objid = ${0x66697265} and granted and pid <> pg_backend_pid()
  `.execute(home.database)
  const [row] = rows
  if (!row) throw new Error('nobody holds the lease')
  return row.pid
}

const lost = (lease: Lease.Lease) =>
  until('the lease is lost', async () => (lease.lost.aborted ? (lease.lost.reason as unknown) : undefined))

test('one at a time: the next has it once it is released, and the one that gave it back has not lost it', async () => {
  const first = await Lease.take(home.url, { pingMs: 20 })
  await expect(Lease.take(home.url)).rejects.toMatchObject({ name: 'Lease.HeldError', remedy: 'operator' })
  await delay(200)
  expect(first.lost.aborted).toBe(false)
  await first.release()
  const second = await Lease.take(home.url)
  await second.release()
  expect([first.lost.aborted, second.lost.aborted]).toEqual([false, false])
})

test('a connection that is ended from the other side is told at once', async () => {
  const lease = await Lease.take(home.url)
  await sql`select pg_terminate_backend(${await holder()})`.execute(home.database)
  expect(await lost(lease)).toMatchObject({ name: 'Lease.LostError', remedy: 'retry' })
  await lease.release()
})

test('a connection that stays open and no longer answers is lost, and giving it up does not wait for it', async () => {
  const lease = await Lease.take(home.url, { pingMs: 200 })
  const pid = await holder()
  process.kill(pid, 'SIGSTOP')
  try {
    expect(await lost(lease)).toMatchObject({ name: 'Lease.LostError', cause: { name: 'Lease.SilentError' } })
    await lease.release()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  const next = await until('another can take it', () => Lease.take(home.url).catch(() => undefined))
  await next.release()
})
