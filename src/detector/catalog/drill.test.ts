/** All detectors of the catalogue on one drill: a world is built, people use it honestly, then it is attacked. */
import { parseAbi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import * as Json from '../../base/Json.ts'
import type * as Facts from '../../chain/Facts.ts'
import * as Attack from '../../drill/Attack.ts'
import * as Random from '../../drill/Random.ts'
import * as Traffic from '../../drill/Traffic.ts'
import * as World from '../../drill/World.ts'
import type * as Detector from '../Detector.ts'
import * as Engine from '../Engine.ts'
import { brokenInvariant } from './brokenInvariant.ts'
import { largeOutflow } from './largeOutflow.ts'
import { priceManipulation } from './priceManipulation.ts'
import { privilegedChange } from './privilegedChange.ts'
import { strangerCall } from './strangerCall.ts'
import { unexpectedMint } from './unexpectedMint.ts'

const vaultAbi = parseAbi(['function isSolvent() view returns (bool)', 'function badDebt() view returns (uint256)'])
const privileged = parseAbi([
  'function pause()',
  'function setGuardian(address newGuardian)',
  'function setBorrowCap(uint256 newCap)',
])

let rehearsal: Rehearsal.Rehearsal
let world: World.World
let detectors: readonly Detector.Any[]
let sent: readonly Traffic.Sent[]
let report: Attack.Report
let blocks: {
  readonly building: readonly Facts.Facts[]
  readonly honest: readonly Facts.Facts[]
  readonly attack: readonly Facts.Facts[]
}
let building: Rehearsal.Replayed
let honest: Rehearsal.Replayed
let attack: Rehearsal.Replayed

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_001, blockTime: 0.1 })
  world = await World.deploy({ url: rehearsal.anvil.httpUrl })
  const { vault, weth, ember, pair, safe } = world.contracts
  const { deployer, guardian } = world.accounts
  const at = { chain: 'local', system: 'vault' }
  const wrapped = { address: weth.address, decimals: 18, symbol: 'WETH' }
  const token = { address: ember.address, decimals: 18, symbol: 'EMBR' }
  detectors = [
    privilegedChange({ ...at, contracts: [vault.address, safe.address, ember.address], safes: [safe.address] }),
    largeOutflow({ ...at, contract: vault.address, asset: wrapped }),
    largeOutflow({ ...at, name: 'largeOutflow:collateral', contract: vault.address, asset: token }),
    priceManipulation({
      ...at,
      pools: [{ address: pair.address, label: 'WETH/EMBR' }],
      protects: [{ contract: vault.address, asset: wrapped }],
    }),
    brokenInvariant({
      ...at,
      severity: 'P1',
      reads: {
        solvent: { address: vault.address, abi: vaultAbi, functionName: 'isSolvent' },
        badDebt: { address: vault.address, abi: vaultAbi, functionName: 'badDebt' },
      },
      holds: ({ solvent, badDebt }) => solvent && badDebt === 0n,
    }),
    unexpectedMint({ ...at, token, minters: [deployer.address] }),
    strangerCall({ ...at, contract: vault.address, functions: privileged, allowed: [guardian.address, safe.address] }),
  ]
  sent = await Traffic.run({ world, plan: Traffic.plan({ random: Random.seeded(7), blocks: 60 }) })
  const calm = await rehearsal.client.getBlockNumber({ cacheTime: 0 })
  report = await Attack.run({ world })
  blocks = {
    building: await rehearsal.facts(detectors, 1n, world.readyAt),
    honest: await rehearsal.facts(detectors, world.readyAt + 1n, calm),
    attack: await rehearsal.facts(detectors, calm + 1n),
  }
  building = Rehearsal.replay(detectors, blocks.building)
  honest = Rehearsal.replay(detectors, blocks.honest, building.states)
  attack = Rehearsal.replay(detectors, blocks.attack, honest.states)
}, 120_000)

afterAll(() => rehearsal?.stop())

const of = ({ findings }: Rehearsal.Replayed, name: string) => findings.filter(({ detector }) => detector === name)
const hashes = () => report.rounds.map(({ hash }) => hash)

test('honest use, with a large planned withdrawal and flash-swap arbitrage, raises nothing', () => {
  const done = Traffic.tally(sent.filter(({ status }) => status === 'success')).byKind
  expect(sent.length).toBeGreaterThan(600)
  expect(done).toMatchObject({ largeRedeem: 1, setBorrowCap: 3 })
  expect(done.arbitrage).toBeGreaterThan(5)
  expect(Rehearsal.lines(honest.findings)).toEqual([])
})

test('honest use raises nothing either for detectors that begin to watch in the midst of it', () => {
  for (const start of [0, 10, 25, 40]) {
    // Whoever begins after the whale came cannot know that what it takes back is its own: at most a share of it speaks.
    const { findings } = Rehearsal.replay(detectors, blocks.honest.slice(start))
    expect(Rehearsal.lines(findings)).toEqual([])
  }
})

test('the building of the world tells only that ownership passed on, and that there was no vault yet', () => {
  const told = new Set(
    building.findings.map(
      ({ detector, severity, values }) => `${severity} ${detector} ${values.event ?? 'could not judge'}`,
    ),
  )
  expect([...told].sort()).toEqual([
    'P2 privilegedChange:vault OwnershipTransferred',
    'P3 brokenInvariant:vault could not judge',
  ])
})

test('every round of the attack is a manipulated price', () => {
  const found = of(attack, 'priceManipulation:vault')
  expect(report.rounds.every(({ status }) => status === 'success')).toBe(true)
  expect(found.map(({ transactionHash }) => transactionHash)).toEqual(hashes())
  expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['P1']))
  const [first] = found
  expect(first?.confidence).toBe(0.95)
  expect(first?.values).toMatchObject({ amount: report.slice, restored: true })
  expect(first?.actors).toContain(`${rehearsal.chain.id}:${world.contracts.attack.address}`)
  expect(first?.sentence).toMatch(
    /^[\d.]+ WETH, 14 % of all it held, left contract 0x\w{4}…\w{4} right after the price of WETH\/EMBR had been moved by a factor of [\d.]+ within the same transaction; the price was put back at its end\.$/,
  )
})

test('every round of the attack is a large outflow to someone who had put nothing in', () => {
  const found = of(attack, 'largeOutflow:vault')
  expect(found.map(({ transactionHash }) => transactionHash)).toEqual(hashes())
  // The rounds enter the history in their turn, so that a later one may stand out less, until its share alone decides.
  expect([found[0]?.severity, found.at(-1)?.severity]).toEqual(['P1', 'P1'])
  expect(found.every(({ severity }) => severity === 'P1' || severity === 'P2')).toBe(true)
  expect(found.every(({ values, confidence }) => values.unowed === report.slice && confidence > 0.9)).toBe(true)
})

test('without a history only the share of the balance speaks', () => {
  const { findings } = Rehearsal.replay(detectors, blocks.attack)
  const found = findings.filter(({ detector }) => detector === 'largeOutflow:vault')
  expect(found.map(({ severity, confidence }) => [severity, confidence])).toEqual([['P2', 0.5]])
  expect(found[0]?.sentence).toMatch(/there is too little history to say what is usual\.$/)
})

test('the books are told once to be broken, in the block of the first round', () => {
  const found = of(attack, 'brokenInvariant:vault')
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({
    severity: 'P1',
    blockNumber: report.rounds[0]?.blockNumber,
    values: { answers: { solvent: false } },
  })
})

test('the attack touches no privilege and mints nothing', () => {
  for (const name of [
    'privilegedChange:vault',
    'unexpectedMint:vault',
    'strangerCall:vault',
    'largeOutflow:collateral',
  ])
    expect(of(attack, name)).toEqual([])
})

test('state that went through the database gives the same findings and the same state', () => {
  const stored = new Map(
    [...honest.states].map(([name, state]) => [name, Json.decode(JSON.parse(JSON.stringify(Json.encode(state))))]),
  )
  expect(Rehearsal.replay(detectors, blocks.attack, stored)).toEqual(attack)
})

test('a state rolled back and evaluated again gives the same findings, and evaluation changes no state it was given', () => {
  const all = [...blocks.honest, ...blocks.attack]
  const halfway = Rehearsal.replay(detectors, all.slice(0, 20), building.states)
  const kept = Json.stringify([...halfway.states])
  const once = Rehearsal.replay(detectors, all.slice(20), halfway.states)
  expect(Rehearsal.replay(detectors, all.slice(20), halfway.states)).toEqual(once)
  expect(Json.stringify([...halfway.states])).toBe(kept)
})

test('frozen facts and states are enough: nothing is mutated', () => {
  const freeze = <value>(value: value): value => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value)
      Object.values(value).forEach(freeze)
    }
    return value
  }
  const states: Engine.States = new Map(
    [...honest.states].map(([name, state]) => [name, freeze(structuredClone(state))]),
  )
  expect(Rehearsal.replay(detectors, blocks.attack.map(freeze), states)).toEqual(attack)
})

test('a block in which nothing concerns a detector leaves its state the same object', () => {
  const quiet = blocks.honest
    .map((facts) => ({ ...facts, block: { ...facts.block, transactions: [], logs: [] }, calls: [] }))
    .at(-1)
  const { states } = Engine.evaluate(detectors, quiet ? [quiet] : [], honest.states, {
    deploymentId: 'a',
    ruleSetVersion: 'b',
    now: new Date(0),
  })
  expect([...states.keys()]).toEqual([])
})

test('states stay small', () => {
  for (const state of attack.states.values()) expect(Json.stringify(state).length).toBeLessThan(8_000)
})
