/** The drill's own contracts, compiled from `contracts/` and remembered by their content. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Abi, Hex } from 'viem'
import { BaseError } from '../base/Errors.ts'

/** What it takes to deploy a contract and talk to it. */
export type Artifact = { readonly abi: Abi; readonly bytecode: Hex }

/** Artifacts by the name of the contract. */
export type Artifacts = Readonly<Record<string, Artifact>>

export type Options = {
  /** Folder of the `.sol` files; the repository's `contracts/` by default. */
  readonly directory?: string | undefined
  /** Folder that keeps earlier results; `node_modules/.cache/firebreak` by default. */
  readonly cache?: string | undefined
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)

/** Cancun, so that what is deployed here runs on the chains that have not moved on. */
const settings = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 200 },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
}

/**
 * Compiles every contract of the folder, or returns what an earlier run made of the same sources.
 * Writes the result to the cache. Throws a `CompileError` when the compiler is absent or refuses a source.
 *
 * @example
 * const { LendingVault } = await Compile.contracts()
 * LendingVault?.bytecode // '0x60e06040…'
 */
export async function contracts(options: Options = {}): Promise<Artifacts> {
  const { directory = join(root, 'contracts'), cache = join(root, 'node_modules/.cache/firebreak') } = options
  const sources = read(directory)
  const key = createHash('sha256')
    .update(JSON.stringify([version(), settings, sources]))
    .digest('hex')
  const path = join(cache, `contracts-${key.slice(0, 32)}.json`)
  const known = recall(path)
  if (known) return known
  const artifacts = compile(sources)
  remember(cache, path, artifacts)
  return artifacts
}

type Sources = Readonly<Record<string, { readonly content: string }>>

function read(directory: string): Sources {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sol'))
  return Object.fromEntries(
    names.sort().map((name) => [name, { content: readFileSync(join(directory, name), 'utf8') }]),
  )
}

type Output = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>
}
type Compiled = { readonly abi: Abi; readonly evm: { readonly bytecode: { readonly object: string } } }

function compile(sources: Sources): Artifacts {
  // Loading the compiler takes a quarter of a second, so it is loaded only where something has to be compiled.
  const solc = require('solc') as { compile: (input: string) => string }
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }))) as Output
  const refusals = (output.errors ?? []).filter(({ severity }) => severity === 'error')
  if (refusals.length > 0) {
    throw new CompileError('A contract does not compile.', {
      remedy: 'bug',
      facts: { compiler: version(), said: refusals.map(({ formattedMessage }) => formattedMessage).join('\n') },
    })
  }
  const named = Object.values(output.contracts ?? {}).flatMap((file) => Object.entries(file))
  return Object.fromEntries(
    named.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` as const }]),
  )
}

function version(): string {
  try {
    return (require('solc/package.json') as { version: string }).version
  } catch (cause) {
    throw new CompileError('The Solidity compiler is not installed.', {
      facts: { wanted: 'solc' },
      advice: 'Drills compile their own contracts: install the development dependencies (npm install --include=dev).',
      cause,
    })
  }
}

function recall(path: string): Artifacts | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Artifacts
  } catch {
    return undefined
  }
}

function remember(cache: string, path: string, artifacts: Artifacts): void {
  try {
    mkdirSync(cache, { recursive: true })
    // Written aside and renamed, so that a reader beside us never sees half a file.
    const aside = `${path}.${process.pid}.${performance.now()}`
    writeFileSync(aside, JSON.stringify(artifacts))
    renameSync(aside, path)
  } catch {
    // A folder that cannot be written costs the next run a second and nothing else.
  }
}

/** The contracts of the drill cannot be had: no compiler, or a source that it refuses. */
export class CompileError extends BaseError {
  override readonly name = 'CompileError'
  constructor(
    shortMessage: string,
    options: { facts: Record<string, unknown>; advice?: string; cause?: unknown; remedy?: 'config' | 'bug' },
  ) {
    super(shortMessage, { remedy: 'config', ...options })
  }
}
