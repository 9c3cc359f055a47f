/** Every contract that a drill deploys: our own, and the published builds of Uniswap V2, Safe and WETH. */
import { createRequire } from 'node:module'
import type { Abi, Hex } from 'viem'
import { BaseError } from '../base/Errors.ts'
import * as Compile from './Compile.ts'

const require = createRequire(import.meta.url)
const safe = '@safe-global/safe-contracts/build/artifacts/contracts'

/** Where the published builds lie; they are read at run time, in the packages that bring them. */
const published = {
  WETH9: 'canonical-weth/build/contracts/WETH9.json',
  UniswapV2Factory: '@uniswap/v2-core/build/UniswapV2Factory.json',
  UniswapV2Pair: '@uniswap/v2-core/build/UniswapV2Pair.json',
  UniswapV2Router02: '@uniswap/v2-periphery/build/UniswapV2Router02.json',
  Safe: `${safe}/Safe.sol/Safe.json`,
  SafeProxy: `${safe}/proxies/SafeProxy.sol/SafeProxy.json`,
  SafeProxyFactory: `${safe}/proxies/SafeProxyFactory.sol/SafeProxyFactory.json`,
  CompatibilityFallbackHandler: `${safe}/handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json`,
} as const

const ours = ['DrillToken', 'LendingVault', 'AttackerDrain', 'Arbitrageur'] as const

export type Name = keyof typeof published | (typeof ours)[number]
export type Artifacts = Readonly<Record<Name, Compile.Artifact>>

/** Reads the published builds and compiles our own. Throws an `ArtifactError` where a package is missing. */
export async function load(): Promise<Artifacts> {
  const compiled = await Compile.contracts()
  const entries = [
    ...Object.entries(published).map(([name, path]) => [name, read(path)] as const),
    ...ours.map((name) => [name, compiled[name]!] as const),
  ]
  return Object.fromEntries(entries) as Artifacts
}

function read(path: string): Compile.Artifact {
  try {
    const { abi, bytecode } = require(path) as { abi: Abi; bytecode: string }
    return { abi, bytecode: (bytecode.startsWith('0x') ? bytecode : `0x${bytecode}`) as Hex }
  } catch (cause) {
    throw new ArtifactError(path, cause)
  }
}

/** A contract that a drill needs is not installed. */
export class ArtifactError extends BaseError {
  override readonly name = 'ArtifactError'
  constructor(path: string, cause: unknown) {
    super('A published contract is not installed.', {
      remedy: 'config',
      facts: { wanted: path },
      advice:
        'Drills deploy the published contracts: install the development dependencies (npm install --include=dev).',
      cause,
    })
  }
}
