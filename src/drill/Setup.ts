/** The configuration of the drill: what a team that runs the vault would write, with the drill's addresses. */
import { type Address, parseAbi, parseEther } from 'viem'
import * as Amount from '../base/Amount.ts'
import { brokenInvariant } from '../detector/catalog/brokenInvariant.ts'
import { largeOutflow } from '../detector/catalog/largeOutflow.ts'
import { priceManipulation } from '../detector/catalog/priceManipulation.ts'
import { privilegedChange } from '../detector/catalog/privilegedChange.ts'
import { strangerCall } from '../detector/catalog/strangerCall.ts'
import { unexpectedMint } from '../detector/catalog/unexpectedMint.ts'
import { pause } from '../response/actions/pause.ts'
import { guardian } from '../response/guardian.ts'
import { safe } from '../response/safe.ts'
import type * as Config from '../server/Config.ts'
import * as Accounts from './Accounts.ts'
import type * as World from './World.ts'

const vaultAbi = parseAbi([
  'function isSolvent() view returns (bool)',
  'function badDebt() view returns (uint256)',
  'function pause()',
  'function unpause()',
  'function setGuardian(address newGuardian)',
  'function setBorrowCap(uint256 newCap)',
  'function transferOwnership(address newOwner)',
])

/** The environment variables that hold the drill's keys. They are anvil's public test keys, worth nothing anywhere. */
const keyNames = { guardian: 'FIREBREAK_DRILL_GUARDIAN_KEY', deployer: 'FIREBREAK_DRILL_EXECUTOR_KEY' } as const

export type Options = {
  readonly world: World.World
  /** In order of preference. */
  readonly rpc: readonly string[]
  /** Whether the guardian is tried before the Safe; with the Safe alone, people have to sign. */
  readonly paths?: readonly ('guardian' | 'safe')[] | undefined
  /** Signatures that the guardian's path asks for; none if left out. */
  readonly approvals?: number | undefined
  readonly channels?: Config.Input['channels']
}

/** Puts the drill's keys where the configuration refers to, as an operator would. */
export function provideKeys(): void {
  const accounts = Accounts.derive()
  for (const [name, variable] of Object.entries(keyNames))
    process.env[variable] = accounts[name as keyof typeof keyNames].privateKey
}

/** Six detectors, one playbook with two paths, the Safe's owners as people. */
export function configuration({
  world,
  rpc,
  paths = ['guardian', 'safe'],
  approvals,
  channels,
}: Options): Config.Input {
  const { vault, weth, ember, dollar, pair, pairDollar, safe: multisig, router, arbitrageur } = world.contracts
  const { accounts } = world
  const at = { chain: 'local', system: 'vault' } as const
  const wrapped = { address: weth.address, symbol: 'WETH', decimals: 18 }
  const token = { address: ember.address, symbol: 'EMBR', decimals: 18 }
  const action = pause({ chain: 'local', contract: vault.address, label: 'Lending vault' })
  const attempts = {
    guardian: {
      name: 'guardian',
      action,
      by: guardian({ address: accounts.guardian.address, env: keyNames.guardian }),
      ...(approvals ? { approval: { role: 'signer', people: approvals, within: '1h' } as const } : {}),
    },
    safe: {
      name: 'safe',
      action,
      by: safe({ address: multisig.address, executor: { address: accounts.deployer.address, env: keyNames.deployer } }),
      approval: { role: 'signer', people: 2, within: '1h' } as const,
    },
  }
  const [first = 'guardian', ...others] = paths
  const label = (names: readonly Accounts.Name[], text: string) =>
    Object.fromEntries(names.map((name) => [accounts[name].address, text]))
  return {
    organisation: 'Ember Lending (drill)',
    chains: { local: { id: `eip155:${world.chainId}`, rpc: [...rpc], start: world.readyAt + 1n, staleAfter: '10s' } },
    systems: { vault: { chain: 'local', address: vault.address, label: 'Lending vault', assets: [wrapped, token] } },
    labels: {
      [multisig.address]: 'Treasury Safe',
      [dollar.address]: 'HUSD',
      [pair.address]: 'WETH/EMBR pool',
      [pairDollar.address]: 'WETH/HUSD pool',
      [router.address]: 'Uniswap router',
      [arbitrageur.address]: 'Arbitrageur contract',
      ...label(['guardian'], 'Guardian'),
      ...label(['deployer'], 'Safe executor'),
      ...label(['whale'], 'Whale'),
    },
    detectors: [
      priceManipulation({
        ...at,
        pools: [{ address: pair.address, label: 'WETH/EMBR' }],
        protects: [{ contract: vault.address, asset: wrapped }],
      }),
      largeOutflow({ ...at, contract: vault.address, asset: wrapped }),
      brokenInvariant({
        ...at,
        severity: 'P1',
        reads: {
          solvent: { address: vault.address, abi: vaultAbi, functionName: 'isSolvent' },
          badDebt: { address: vault.address, abi: vaultAbi, functionName: 'badDebt' },
        },
        holds: ({ solvent, badDebt }) => solvent && badDebt === 0n,
        describe: ({ badDebt }) =>
          `${Amount.format({ ...wrapped, units: badDebt })} lent by the vault is no longer covered by collateral.`,
      }),
      privilegedChange({
        ...at,
        contracts: [vault.address, multisig.address, ember.address],
        safes: [multisig.address],
      }),
      unexpectedMint({ ...at, token, minters: [accounts.deployer.address] }),
      strangerCall({
        ...at,
        contract: vault.address,
        functions: vaultAbi.filter(({ stateMutability }) => stateMutability === 'nonpayable'),
        allowed: [accounts.guardian.address, multisig.address],
      }),
    ],
    people: Accounts.owners.map((name, index) => ({
      id: name,
      name: `Owner ${index + 1}`,
      roles: ['signer'],
      address: accounts[name].address as Address,
    })),
    policy: {
      allow: [{ chain: 'local', target: vault.address, functions: ['pause()'] }],
      maxWeiPerTransaction: parseEther('0.1'),
    },
    playbooks: [
      {
        name: 'pause-vault',
        when: { system: 'vault', severity: 'P1', confidence: 0.8 },
        attempts: [attempts[first], ...others.map((path) => attempts[path])],
      },
    ],
    ...(channels ? { channels } : {}),
  }
}
