/**
 * Writes back the platform packages that npm left out of package-lock.json.
 *
 * npm drops an optional package from the lockfile when the registry at hand cannot serve it at that moment
 * (a mirror that lags, a platform released an hour later), and `npm ci` then refuses the lockfile everywhere.
 * Run after every `npm install`: `node scripts/complete-lockfile.ts`. Prints the packages it added.
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  version?: string
  optional?: boolean
  dev?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'wasm32',
]
const processors: Record<string, string> = {
  arm64: 'arm64',
  x64: 'x64',
  amd64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
}

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Entry> }

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] || !/^\d/.test(version)) continue
    const words = name.split(/[^a-z0-9]+/)
    const os = words.filter((word) => systems.includes(word))
    if (os.length === 0) continue
    lock.packages[key] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os,
      cpu: words.flatMap((word) => processors[word] ?? (word.startsWith('arm') ? ['arm'] : [])).slice(0, 1),
      ...(words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {}),
    }
    process.stdout.write(`${name}@${version}\n`)
  }
}

const [root, ...rest] = Object.entries(lock.packages)
rest.sort(([a], [b]) => (a < b ? -1 : 1))
lock.packages = Object.fromEntries([root as [string, Entry], ...rest])
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
