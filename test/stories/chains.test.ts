/** Several chains in one process, on a database of the team's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import type * as Schemas from '../../src/api/contract/Schemas.ts'
import * as Log from '../../src/base/Log.ts'
import * as Config from '../../src/server/Config.ts'
import * as Server from '../../src/server/Server.ts'
import * as Embedded from '../../src/store/Embedded.ts'
import { client, type Ground, ground, setupOf, until } from '../installation.ts'

let first: Ground
let second: Ground
let postgres: Embedded.Embedded
let server: Server.Server
const directory = mkdtempSync(join(tmpdir(), 'firebreak-chains-'))

/** The second chain's parts of a configuration, under names of their own. */
function elsewhere(input: Config.Input): Config.Input {
  const chain = input.chains.local
  const system = input.systems.vault
  if (!chain || !system) throw new Error('the drill has no chain or no vault')
  const moved = <part extends { readonly chain: string }>(part: part): part => ({ ...part, chain: 'other' })
  return {
    ...input,
    chains: { other: chain },
    systems: { 'other-vault': moved(system) },
    detectors: input.detectors.map((detector) => ({
      ...moved(detector),
      name: `other ${detector.name}`,
      system: 'other-vault',
    })),
    policy: {
      ...input.policy,
      allow: input.policy?.allow.map(moved) ?? [],
      maxWeiPerTransaction: input.policy?.maxWeiPerTransaction ?? 0n,
    },
    playbooks: (input.playbooks ?? []).map((playbook) => ({
      ...playbook,
      name: 'pause-other-vault',
      when: { ...playbook.when, system: 'other-vault' },
      attempts: playbook.attempts.map((attempt) => ({
        ...attempt,
        action: moved(attempt.action),
      })) as unknown as typeof playbook.attempts,
    })),
  }
}

beforeAll(async () => {
  ;[first, second, postgres] = await Promise.all([
    ground({ chainId: 41_001 }),
    ground({ chainId: 41_002 }),
    Embedded.start({ directory, ephemeral: true }),
  ])
  const [here, there] = [setupOf(first), elsewhere(setupOf(second))]
  const config = Config.check({
    ...here,
    chains: { ...here.chains, ...there.chains },
    systems: { ...here.systems, ...there.systems },
    detectors: [...here.detectors, ...there.detectors],
    policy: {
      maxWeiPerTransaction: 10n ** 17n,
      allow: [...(here.policy?.allow ?? []), ...(there.policy?.allow ?? [])],
    },
    playbooks: [...(here.playbooks ?? []), ...(there.playbooks ?? [])],
  })
  server = await Server.start({
    config,
    dataDirectory: join(directory, 'data'),
    databaseUrl: postgres.url,
    port: 0,
    log: Log.create('silent'),
  })
}, 60_000)

afterAll(async () => {
  await server?.stop()
  await postgres?.remove()
  await Promise.all([first?.stop(), second?.stop()])
  rmSync(directory, { recursive: true, force: true })
})

test('an attack on one of two chains is contained there, and the other chain goes on undisturbed', async () => {
  const { ask } = client(server.url, server.token)
  await second.attack()
  const incident = await until('the second chain is contained', async () => {
    const [found] = await ask<Schemas.IncidentSummary[]>('/api/incidents')
    return found?.status === 'contained' ? found : undefined
  })
  expect(incident).toMatchObject({ system: 'other-vault' })
  expect(incident.chain).toMatch(/^eip155:41002@0x/)
  expect(await second.isPaused()).toBe(true)
  expect(await first.isPaused()).toBe(false)
  await first.mine(3)
  await until('both chains are at their heads', async () => {
    const { chains } = await ask<Operations.Readiness>('/api/readiness')
    const heads = [await first.head(), await second.head()].map(String).sort()
    return (
      chains
        .map(({ evaluated }) => evaluated)
        .sort()
        .join() === heads.join() || undefined
    )
  })
})

test('two chains attacked at once are two incidents, each contained by its own playbook', async () => {
  const { ask } = client(server.url, server.token)
  await first.attack()
  const incidents = await until('both are contained', async () => {
    const found = await ask<Schemas.IncidentSummary[]>('/api/incidents')
    return found.length === 2 && found.every(({ status }) => status === 'contained') ? found : undefined
  })
  expect(new Set(incidents.map(({ chain }) => chain.split('@')[0]))).toEqual(new Set(['eip155:41001', 'eip155:41002']))
  expect(await first.pauses()).toBe(1)
  expect(await second.pauses()).toBe(1)
})
