/** The process of the embedded PostgreSQL: finding the one that runs, starting one, shutting it down. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BaseError, messageOf } from '../base/Errors.ts'
import * as EmbeddedHome from './EmbeddedHome.ts'

export type Postmaster = {
  readonly pid: number
  readonly port: number
  /** It takes connections; otherwise it is starting, recovering or shutting down. */
  readonly isReady: boolean
}

/** How long a server may take to recover after a crash, or to shut down, before we give up on it. */
export const patienceMs = 60_000
/** How often a file that PostgreSQL writes is looked at. */
export const pollMs = 10
const logLimit = 10_000_000

/** The server that runs on the data in `path`, if one does. Removes the pid file that a dead one left behind. */
export function find(path: string): Postmaster | undefined {
  const file = join(path, 'data', 'postmaster.pid')
  const lines = readLines(file)
  if (!lines) return undefined
  const [pid, port, status] = [Number(lines[0]), Number(lines[3]), lines[7]?.trim()]
  if (isAlive(pid, join(path, 'data'))) return { pid, port, isReady: status === 'ready' }
  // Not left to PostgreSQL: it would refuse to start while the number belongs to a zombie or to an unrelated process of
  // the same user. Should a server run after all, the shared memory it holds still keeps a second one out.
  rmSync(file, { force: true })
  return undefined
}

/** Starts a server on the data in `home`, on a free port; resolves when it takes connections. It outlives us. */
export async function launch({ path, user }: EmbeddedHome.Home): Promise<void> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: await freePort(),
    unix_socket_directories: '',
    // Parallel queries need /dev/shm, of which a container has 64 MB.
    max_parallel_workers_per_gather: 0,
    TimeZone: 'UTC',
    log_timezone: 'UTC',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const logFile = join(path, 'log')
  const log = openSync(logFile, (statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > logLimit ? 'w' : 'a', 0o600)
  const child = run('postgres', ['-D', join(path, 'data'), ...flags], { path, user, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  let failure: unknown
  child.once('error', (error) => (failure = error)).once('exit', (code, signal) => (failure ??= signal ?? code))
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const server = find(path)
    if (server?.isReady && server.pid === child.pid) return
    if (failure !== undefined || waitedMs > patienceMs) throw new StartError(path, failure)
    await sleep(pollMs)
  }
}

/** Shuts the server down, if one runs: open transactions roll back, what was committed is on disk. */
export async function shutDown(path: string): Promise<void> {
  const pid = find(path)?.pid
  if (pid === undefined) return
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    // fast, then immediate: that one recovers at the next start
    process.kill(pid, signal)
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
      if (find(path)?.pid !== pid) return
      await sleep(pollMs)
    }
  }
  throw new StopError(path, pid)
}

/** Runs one of PostgreSQL's programs as the server's user, in the server's folder, deaf to our environment and Ctrl-C. */
export function run(
  program: 'initdb' | 'postgres',
  parameters: readonly string[],
  { path, user, stdio }: { path: string; user: EmbeddedHome.User | undefined; stdio: StdioOptions },
): ChildProcess {
  // PGPORT, PGDATA and their like must not reach it; a session of its own keeps the terminal's signals away.
  const { PATH, SystemRoot, TEMP } = process.env
  const env = { PATH, SystemRoot, TEMP, LC_ALL: 'C' }
  return spawn(join(EmbeddedHome.programs(user), program), parameters, {
    ...user,
    cwd: path,
    env,
    stdio,
    detached: true,
  })
}

function isAlive(pid: number, data: string): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    // A zombie has no command line, and a number given anew has another one.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data)
  } catch {
    return false
  }
}

/** The lines of the pid file; undefined when there is none, or when PostgreSQL has only just made it. */
function readLines(file: string): string[] | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return text === '' && Date.now() - statSync(file).mtimeMs < 1000 ? undefined : text.split('\n')
  } catch {
    return undefined
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The server did not start; the end of its log says why. */
export class StartError extends BaseError {
  override readonly name = 'Postmaster.StartError'
  constructor(path: string, cause: unknown) {
    const log = join(path, 'log')
    super('The embedded PostgreSQL did not start.', {
      remedy: 'config',
      facts: { folder: path, ended: cause instanceof Error ? messageOf(cause) : cause, log: lastLines(log) },
      advice: `Its whole log is ${log}.`,
    })
  }
}

/** The server still runs, although it was told twice to stop. */
export class StopError extends BaseError {
  override readonly name = 'Postmaster.StopError'
  constructor(path: string, pid: number) {
    super('The embedded PostgreSQL does not stop.', { remedy: 'operator', facts: { folder: path, pid } })
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join('\n    ')
  } catch {
    return '(none)'
  }
}
