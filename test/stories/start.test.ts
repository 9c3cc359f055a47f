import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import * as Errors from '../../src/base/Errors.ts'
import * as Anvil from '../../src/drill/Anvil.ts'
import * as Config from '../../src/server/Config.ts'
import * as Embedded from '../../src/store/Embedded.ts'
import * as Installation from '../installation.ts'
import * as Process from '../process.ts'

let place: Installation.Ground
const undo: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  place = await Installation.ground({ args: ['--timestamp', '1790000000'] })
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
afterAll(async () => {
  await place?.stop()
})

/** What a start with this configuration is refused with. */
async function refusal(input: Partial<Config.Input>): Promise<Errors.BaseError> {
  const thrown = await Installation.start(place, { setup: { with: input } }).then(
    async (home) => {
      await home.stop()
      throw new Error('It started.')
    },
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(Errors.BaseError)
  return thrown as Errors.BaseError
}

const chain = (changes: Partial<Config.Input['chains'][string]>) => ({
  chains: {
    local: { ...place.config().chains.local, rpc: [place.anvil.httpUrl], ...changes },
  } as Config.Input['chains'],
})

test('a second start on the same data directory is refused, and the first one works on', async () => {
  const home = await Installation.start(place)
  undo.push(() => home.stop())
  const second = Installation.start(place)
  await expect(second).rejects.toMatchObject({ name: 'Lease.HeldError', remedy: 'operator' })
  await expect(second).rejects.toThrow('--data')
  await place.mine(2)
  await home.judged(await place.head())
  expect(home.failed.aborted).toBe(false)
  expect(await home.ask('/api/incidents')).toEqual([])
})

test('a server in another process is refused too, and takes over from one that was killed with its database running', async () => {
  undo.push(() => Process.clear(place))
  const first = Process.start(place)
  undo.push(async () => first.kill())
  const { url = '', token = '', error } = await first.first
  expect(error).toBeUndefined()
  const second = Process.start(place)
  expect(await second.first).toMatchObject({ error: 'Lease.HeldError' })
  expect((await second.ended).code).toBe(1)
  await place.mine(1)
  await Installation.client(url, token).judged(await place.head())

  first.kill()
  await first.ended
  const postgres = await Embedded.start({ directory: place.directory })
  expect(postgres.adopted).toBe(true)
  const third = Process.start(place, { logLevel: 'info' })
  undo.push(async () => third.kill())
  const ready = await third.first
  expect(ready.error).toBeUndefined()
  expect(third.stderr()).toContain('"adopted":true')
  expect(ready.token).toBe(token)
  await place.mine(1)
  await Installation.client(ready.url ?? '', token).judged(await place.head())
  third.kill('SIGTERM')
  expect((await third.ended).code).toBe(0)
  expect(existsSync(join(place.directory, 'postgres', 'data', 'postmaster.pid'))).toBe(false)
}, 60_000)

test('not even the most talkative log holds the token, a key or the password of the database', async () => {
  undo.push(() => Process.clear(place))
  const child = Process.start(place, { logLevel: 'debug', hook: 'http://127.0.0.1:9/secret-path' })
  undo.push(async () => child.kill())
  const { url = '', token = '' } = await child.first
  const home = Installation.client(url, token)
  await home.judged(await place.head())
  await home.call('/api/incidents', { headers: {} })
  const password = readFileSync(join(place.directory, 'postgres', 'password'), 'utf8').trim()
  const keys = Object.values(place.world.accounts).map(({ privateKey }) => privateKey)
  child.kill('SIGTERM')
  await child.ended
  expect(child.stderr()).toContain('DBOS launched')
  for (const secret of [token, password, ...keys, ...keys.map((key) => key.slice(2))])
    expect(child.stderr().includes(secret)).toBe(false)
})

test('an endpoint of another chain is named with both ids', async () => {
  const error = await refusal(chain({ id: 'eip155:1' }))
  expect(error.remedy).toBe('config')
  expect(error.message).toContain(new URL(place.anvil.httpUrl).host)
  expect(error.message).toMatch(/\b1\b.*31337/s)
})

test('a chain with another genesis than configured is refused', async () => {
  const error = await refusal(chain({ genesisHash: `0x${'ab'.repeat(32)}` }))
  expect(error.remedy).toBe('config')
  expect(error.message).toContain(`0x${'ab'.repeat(32)}`)
})

test('a chain that was begun anew does not pass for the one that was watched before', async () => {
  const persistent = { ephemeral: false }
  undo.push(() => Process.clear(place))
  const first = await Installation.start(place, persistent)
  await place.mine(1)
  await first.judged(await place.head())
  await first.stop()
  const other = await Anvil.start({ chainId: 31_337, args: ['--timestamp', '1780000000'] })
  undo.push(() => other.stop())
  const swapped = Installation.start(place, { ...persistent, setup: { with: chain({ rpc: [other.httpUrl] }) } })
  await expect(swapped).rejects.toMatchObject({ name: 'Chain.NoEndpointError', remedy: 'config' })
  await expect(swapped).rejects.toThrow(/genesis/i)
  const again = await Installation.start(place, persistent)
  await again.judged(await place.head())
  await again.stop()
})

test('an endpoint where nobody listens is named, and trying again may help', async () => {
  const error = await refusal(chain({ rpc: ['http://127.0.0.1:9'] }))
  expect(error).toMatchObject({ name: 'Chain.NoEndpointError', remedy: 'retry' })
  expect(error.message).toContain('127.0.0.1:9')
})

test('an endpoint whose environment variable is empty is named by the variable', async () => {
  const error = await refusal(chain({ rpc: [{ env: 'FIREBREAK_TEST_NO_ENDPOINT' }] }))
  expect(error.remedy).toBe('config')
  expect(error.message).toContain('FIREBREAK_TEST_NO_ENDPOINT')
})

test('a mistyped key is told with the one that was meant, and a wrong checksum with its place', () => {
  const config = Installation.setupOf(place)
  expect(() => Config.check({ ...config, detectrs: [] })).toThrow('detectrs is not known: did you mean detectors?')
  const { address, ...rest } = config.systems.vault as Config.Input['systems'][string]
  const swapped = address.replace(/[a-f]/, (digit) => digit.toUpperCase())
  const mistyped = swapped === address ? address.replace(/[A-F]/, (digit) => digit.toLowerCase()) : swapped
  const wrong = { ...config, systems: { vault: { ...rest, address: mistyped } } }
  expect(() => Config.check(wrong)).toThrow(/systems\.vault\.address has a wrong checksum/)
})

test('a key that is missing leaves the watch running and says which action is not ready, and why', async () => {
  const config = place.config()
  const variable = 'FIREBREAK_DRILL_GUARDIAN_KEY'
  const value = process.env[variable]
  delete process.env[variable]
  try {
    const home = await Installation.start(place, { config })
    undo.push(() => home.stop())
    const { actions } = await home.ask<Operations.Readiness>('/api/readiness')
    const guardian = actions.find(({ path }) => path === 'guardian')
    expect(guardian).toMatchObject({ ready: false, reason: `The environment variable ${variable} is not set.` })
    expect(actions.find(({ path }) => path === 'safe')?.ready).toBe(true)
  } finally {
    process.env[variable] = value
  }
})

test('without the token, or with a wrong one, nothing is told', async () => {
  const home = await Installation.start(place)
  undo.push(() => home.stop())
  for (const authorization of [
    '',
    'Bearer ',
    `Bearer ${home.token}x`,
    `Bearer ${home.token.slice(1)}`,
    `Basic ${home.token}`,
  ]) {
    const response = await fetch(`${home.url}/api/incidents`, { headers: authorization ? { authorization } : {} })
    expect(response.status, authorization).toBe(401)
    expect(await response.json()).toMatchObject({ error: 'Api.WrongTokenError', remedy: 'operator' })
  }
  expect((await home.call('/api/incidents')).status).toBe(200)
})

test('a port that is taken is named with what to do, and nothing is left running', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  undo.push(async () => blocker.close())
  await new Promise((ready) => blocker.once('listening', ready))
  const { port } = blocker.address() as AddressInfo
  const refused = Installation.start(place, { port })
  await expect(refused).rejects.toMatchObject({ name: 'Server.PortError', remedy: 'config' })
  await expect(refused).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}[^]*--port`))
  expect(existsSync(join(place.directory, 'postgres'))).toBe(false)
  const home = await Installation.start(place)
  await home.stop()
})
