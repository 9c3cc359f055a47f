/** The examples do what the documents say of them: on a real chain, with a real server. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heavyBorrowing } from '../examples/detector/heavyBorrowing.ts'
import type * as Schemas from '../src/api/contract/Schemas.ts'
import * as Log from '../src/base/Log.ts'
import * as Attack from '../src/drill/Attack.ts'
import * as Rpc from '../src/drill/Rpc.ts'
import * as World from '../src/drill/World.ts'
import { signDocument } from '../src/response/signDocument.ts'
import * as Config from '../src/server/Config.ts'
import * as Preflight from '../src/server/Preflight.ts'
import * as Server from '../src/server/Server.ts'
import * as Rehearsal from './rehearsal.ts'

const log = Log.create('silent')
const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

let rehearsal: Rehearsal.Rehearsal
let world: World.World
let calm: unknown
const undo: (() => unknown)[] = []

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ blockTime: 1 })
  world = await World.deploy({ url: rehearsal.anvil.httpUrl })
  calm = await Rpc.call(world.url, 'evm_snapshot')
  const { guardian, deployer, owner1, owner2 } = world.accounts
  process.env.RPC_URL = rehearsal.anvil.httpUrl
  process.env.GUARDIAN_KEY = guardian.privateKey
  process.env.EXECUTOR_KEY = deployer.privateKey
  process.env.OWNER_1_KEY = owner1.privateKey
  process.env.OWNER_2_KEY = owner2.privateKey
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
  await Rpc.call(world.url, 'evm_revert', [calm])
  calm = await Rpc.call(world.url, 'evm_snapshot')
})
afterAll(() => rehearsal?.stop())

/** Starts a server on an example's configuration; `ask` speaks its API. */
async function serve(path: string) {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'firebreak-example-'))
  undo.push(() => rmSync(dataDirectory, { recursive: true, force: true }))
  const config = await Config.load(join(root, path))
  const server = await Server.start({ config, dataDirectory, ephemeral: true, port: 0, log })
  undo.push(() => server.stop())
  const ask = async <answer>(path: string, body?: unknown): Promise<answer> => {
    const response = await fetch(`${server.url}${path}`, {
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return (await response.json()) as answer
  }
  return ask
}

/** Asks again until there is an answer. */
async function until<answer>(look: () => Promise<answer | undefined>): Promise<answer> {
  for (const deadline = performance.now() + 25_000; performance.now() < deadline; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('It did not happen in time.')
}

test('ten lines, the same in the README and in the example', () => {
  const text = read('examples/vault/firebreak.config.ts')
  expect(read('README.md')).toContain(`\`\`\`ts\n${text}\`\`\``)
  const frame = /^(import .*|export default defineConfig\(\{|\}\))?$/
  expect(text.split('\n').filter((line) => !frame.test(line))).toHaveLength(10)
})

test('the ten lines hold on the chain, and pause a vault that is being emptied', async () => {
  const config = await Config.load(join(root, 'examples/vault/firebreak.config.ts'))
  const results = await Preflight.run(config, log)
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  expect(results.at(-1)?.says).toBe(
    'Pause Lending vault by guardian key 0x70997970C51812dc3A010C7d01b50e0d17dc79C8: would succeed now',
  )

  const ask = await serve('examples/vault/firebreak.config.ts')
  const { vault, weth } = world.contracts
  const held = (await World.read(world, 'vault', 'cash')) as bigint
  const data = World.encode(world, 'weth', 'transfer', [world.accounts.attacker.address, (held * 60n) / 100n])
  await Rpc.all(world.url, [
    ['anvil_setBalance', [vault.address, '0xde0b6b3a7640000']],
    ['anvil_impersonateAccount', [vault.address]],
    ['eth_sendTransaction', [{ from: vault.address, to: weth.address, data }]],
  ])
  const incident = await until(async () =>
    (await ask<Schemas.IncidentSummary[]>('/api/incidents')).find(({ status }) => status === 'contained'),
  )
  expect(incident.losses[0]?.units).toBe(((held * 60n) / 100n).toString())
  expect(await World.read(world, 'vault', 'paused')).toBe(true)
})

test('the Safe’s owners are asked, and their signatures pause the vault', async () => {
  const posts: string[] = []
  const slack = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => posts.push(text))
    request.on('end', () => response.end('ok'))
  }).listen(0, '127.0.0.1')
  undo.push(() => slack.close())
  await once(slack, 'listening')
  process.env.SLACK_WEBHOOK_URL = `http://127.0.0.1:${(slack.address() as AddressInfo).port}/`

  const ask = await serve('examples/safe/firebreak.config.ts')
  await Attack.run({ world, rounds: 1 })
  const { id } = await until(async () => (await ask<Schemas.ApprovalSummary[]>('/api/approvals'))[0])
  const approval = await ask<Schemas.Approval>(`/api/approvals/${id}`)
  for (const owner of [1, 2] as const) {
    const { address } = world.accounts[`owner${owner}`]
    const signature = await signDocument({ address, env: `OWNER_${owner}_KEY` }, approval.typedData.grant as never)
    await ask(`/api/approvals/${id}/decisions`, { decision: 'grant', signature })
  }
  await until(async () =>
    (await ask<Schemas.IncidentSummary[]>('/api/incidents')).find(({ status }) => status === 'contained'),
  )
  expect(await World.read(world, 'vault', 'paused')).toBe(true)
  await until(async () => posts.find((post) => post.includes('Contained: Pause Lending vault')))
})

test('a detector of one’s own sees the attack, once', async () => {
  const vault = world.contracts.vault.address
  const detector = heavyBorrowing({ chain: 'local', system: 'vault', vault, percent: 20n })
  const before = (await rehearsal.client.getBlockNumber({ cacheTime: 0 })) + 1n
  await Attack.run({ world, rounds: 3 })
  const { findings } = Rehearsal.replay([detector], await rehearsal.facts([detector], before))
  expect(findings.map(({ severity, sentence }) => `${severity} ${sentence}`)).toEqual([
    'P2 More than 20 % of all assets were borrowed within 5 blocks.',
  ])
})
