import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as Embedded from './Embedded.ts'
import * as EmbeddedHome from './EmbeddedHome.ts'

let directory: string
const made: Embedded.Embedded[] = []
const isRoot = process.getuid?.() === 0

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-embedded-'))
})

afterEach(async () => {
  for (const server of made.splice(0)) await server.remove()
  rmSync(directory, { recursive: true, force: true })
})

test('a fresh directory becomes a database that keeps its promises', async () => {
  const server = await start(directory)
  expect(server.adopted).toBe(false)
  const settings = ['fsync', 'synchronous_commit', 'listen_addresses', 'server_encoding', 'TimeZone', 'data_checksums']
  const answers = await Promise.all(settings.map((setting) => query(server.url, `show ${setting}`)))
  expect(answers).toEqual(['on', 'on', '127.0.0.1', 'UTF8', 'UTC', 'on'])
  expect(await query(server.url, 'select current_database()')).toBe('firebreak')
  // Lower case beyond ASCII works, and sorting is by code point, whatever locales the machine has.
  expect(await query(server.url, "select lower('ÄÉ')")).toBe('äé')
  expect(await query(server.url, "select 'B' < 'a'")).toBe(true)
})

test('nobody else reads the files or connects without the password', async () => {
  const { url } = await start(directory)
  expect(statSync(join(directory, 'postgres', 'password')).mode & 0o777).toBe(0o600)
  expect(statSync(join(directory, 'postgres', 'log')).mode & 0o777).toBe(0o600)
  expect(statSync(join(directory, 'postgres', 'data')).mode & 0o777).toBe(0o700)
  expect(statSync(directory).mode & 0o007).toBe(0)
  const guess = Object.assign(new URL(url), { password: 'guess' })
  await expect(query(guess.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
})

test('rows survive a stop and a start', async () => {
  const first = await start(directory)
  await query(first.url, 'create table kept as select 7 as n')
  await first.stop()
  await first.stop()
  await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  const second = await start(directory)
  expect(second.adopted).toBe(false)
  expect(await query(second.url, 'select n from kept')).toBe(7)
})

test('the server of a killed process is adopted', async () => {
  const { child, url } = await startElsewhere(directory)
  await query(url, 'create table kept as select 7 as n')
  await kill(child)
  const server = await start(directory)
  expect(server).toMatchObject({ adopted: true, url })
  expect(await query(server.url, 'select n from kept')).toBe(7)
})

test('a killed server leaves its pid file, and the next start recovers', async () => {
  const { child, url } = await startElsewhere(directory)
  await query(url, 'create table kept as select 7 as n')
  const pidFile = join(directory, 'postgres', 'data', 'postmaster.pid')
  process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGKILL')
  await kill(child)
  expect(existsSync(pidFile)).toBe(true)
  const server = await start(directory)
  expect(server.adopted).toBe(false)
  expect(await query(server.url, 'select n from kept')).toBe(7)
})

test('the number in a stale pid file may belong to another process by now', async () => {
  const first = await start(directory)
  const pidFile = join(directory, 'postgres', 'data', 'postmaster.pid')
  const lines = readFileSync(pidFile, 'utf8').split('\n')
  await first.stop()
  writeFileSync(pidFile, [process.pid, ...lines.slice(1)].join('\n'))
  expect((await start(directory)).adopted).toBe(false)
})

test('a start that was killed half way is cleared away', async () => {
  const child = spawnStart(directory)
  const halfMade = () => readdirSync(directory).some((name) => name.startsWith('postgres.new-'))
  await vi.waitUntil(halfMade, { timeout: 10_000, interval: 5 })
  await kill(child)
  expect(readdirSync(directory)).not.toContain('postgres')
  const server = await start(directory)
  expect(await query(server.url, 'select 1')).toBe(1)
  expect(readdirSync(directory)).toEqual(['postgres'])
})

test('starts at the same moment share one server', async () => {
  const servers = await Promise.all([start(directory), startElsewhere(directory), startElsewhere(directory)])
  expect(new Set(servers.map(({ url }) => url)).size).toBe(1)
  for (const server of servers) if ('child' in server) await kill(server.child)
})

test('an ephemeral server leaves nothing behind', async () => {
  const server = await Embedded.start({ directory, ephemeral: true })
  expect(await query(server.url, 'select 1')).toBe(1)
  await server.stop()
  expect(readdirSync(directory)).toEqual([])
})

test('a folder that cannot be written is named, with what to do about it', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  await expect(start(join(file, 'data'))).rejects.toMatchObject({
    name: 'Embedded.InitialiseError',
    remedy: 'config',
    facts: { folder: join(file, 'data') },
  })
})

test('a server that cannot start shows the end of its log', async () => {
  await (await start(directory)).stop()
  writeFileSync(join(directory, 'postgres', 'data', 'postgresql.conf'), 'shared_buffers = plenty\n')
  const error = await start(directory).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'Postmaster.StartError', remedy: 'config' })
  expect(String(error)).toContain('invalid value for parameter "shared_buffers": "plenty"')
})

test.runIf(isRoot)('a data directory below a closed folder is reached by a link', async () => {
  const below = join(directory, 'firebreak')
  const first = await start(below)
  await query(first.url, 'create table kept as select 7 as n')
  await first.stop()
  const real = realpathSync(join(below, 'postgres'))
  expect(real).toMatch(/^\/var\/lib\/firebreak\//)
  expect(statSync(real).mode & 0o007).toBe(0)
  expect(statSync(directory).mode & 0o777).toBe(0o700)

  const second = await start(below)
  expect(await query(second.url, 'select n from kept')).toBe(7)
  await second.remove()
  expect(existsSync(real)).toBe(false)
  expect(readdirSync(below)).toEqual([])
})

const nobody = isRoot ? EmbeddedHome.unprivileged() : undefined
const sourcesAreOpen =
  nobody && [import.meta.dirname, process.execPath].every((path) => EmbeddedHome.reachable(path, nobody))

test.runIf(nobody && sourcesAreOpen)('an ordinary user starts it as itself, and root takes it over', async () => {
  if (!nobody) return
  chownSync(directory, nobody.uid, nobody.gid)
  chmodSync(directory, 0o700)
  const { child, url } = await startElsewhere(directory, nobody)
  await query(url, 'create table kept as select 7 as n')
  expect(statSync(join(directory, 'postgres')).uid).toBe(nobody.uid)
  await kill(child)
  const server = await start(directory)
  expect(server).toMatchObject({ adopted: true, url })
  await server.stop()
  expect(await query((await start(directory)).url, 'select n from kept')).toBe(7)
})

async function start(at: string): Promise<Embedded.Embedded> {
  const server = await Embedded.start({ directory: at })
  made.push(server)
  return server
}

/** Starts the server from another process, which then waits to be killed. */
async function startElsewhere(at: string, user?: EmbeddedHome.User): Promise<{ child: ChildProcess; url: string }> {
  const child = spawnStart(at, user)
  for await (const url of createInterface({ input: child.stdout })) return { child, url }
  throw new Error(`The other process ended with ${child.exitCode}`)
}

function spawnStart(at: string, user?: EmbeddedHome.User): ChildProcessByStdio<null, Readable, null> {
  const program = `
    import * as Embedded from ${JSON.stringify(join(import.meta.dirname, 'Embedded.ts'))}
    console.log((await Embedded.start({ directory: ${JSON.stringify(at)} })).url)
    setInterval(() => {}, 1000)`
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    ...user,
    cwd: dirname(import.meta.dirname),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function kill(child: ChildProcess): Promise<unknown> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  return ended
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}
