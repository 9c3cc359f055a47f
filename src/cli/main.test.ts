import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Installation from '../../test/installation.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
let place: Installation.Ground
let home: Installation.Installation
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-cli-'))
  place = await Installation.ground()
  home = await Installation.start(place)
  await place.mine(6)
  await place.attack()
  await home.incidentThat('contained')
})
afterAll(async () => {
  await home?.stop()
  await place?.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Runs the program; `said` is the JSON of its last line. */
function firebreak(args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string; said: Record<string, unknown> }>((resolve) => {
    const options = { env: { ...process.env, ...env } }
    const child = execFile(process.execPath, ['--conditions=source', main, ...args], options, (_, stdout, stderr) => {
      const last = stdout.trim().split('\n').at(-1) ?? ''
      resolve({ code: child.exitCode ?? -1, stdout, stderr, said: last.startsWith('{') ? JSON.parse(last) : {} })
    })
  })
}
const toServer = (...args: string[]) => firebreak([...args, '--url', home.url], { FIREBREAK_TOKEN: home.token })

test('incidents are listed and shown, for people and as JSON', async () => {
  const listed = await toServer('incident', 'list', '--json')
  expect(listed.code).toBe(0)
  expect(listed.said.incidents).toMatchObject([{ severity: 'P1', status: 'contained' }])
  const [{ id }] = listed.said.incidents as [{ id: string }]
  expect((await toServer('incident', 'list')).stdout).toContain(id)
  const shown = await toServer('incident', 'show', id)
  expect(shown.code).toBe(0)
  expect(shown.stdout).toMatch(/CONTAINED.*\n.*verified at block \d+. Record intact/)
  expect((await toServer('incident', 'show', id, '--json')).said).toMatchObject({ id, intact: true })
}, 60_000)

test('who must mend it is told by the exit status: 2 who asked, 3 the configuration, 4 nobody', async () => {
  const unknown = await toServer('incident', 'show', 'INC-1999-0001', '--json')
  expect(unknown).toMatchObject({ code: 2, said: { error: 'Incident.UnknownIncidentError', remedy: 'operator' } })
  const wrong = await firebreak(['incident', 'list', '--url', home.url, '--json'], { FIREBREAK_TOKEN: 'wrong' })
  expect(wrong).toMatchObject({ code: 2, said: { error: 'Api.WrongTokenError' } })
  expect(await firebreak(['incident', 'list', '--data', directory, '--json'])).toMatchObject({
    code: 2,
    said: { error: 'Client.NoServerError' },
  })
  const dead = await firebreak(['incident', 'list', '--url', 'http://127.0.0.1:9', '--json'], { FIREBREAK_TOKEN: 'x' })
  expect(dead).toMatchObject({ code: 4, said: { error: 'Client.UnreachableServerError', remedy: 'retry' } })
  // Something else than Firebreak answers there.
  const other = await firebreak(['incident', 'list', '--url', `${place.anvil.httpUrl}//`, '--json'], {
    FIREBREAK_TOKEN: 'x',
  })
  expect([2, 4]).toContain(other.code)
  expect(await firebreak(['check', '--config', join(directory, 'none.ts'), '--json'])).toMatchObject({
    code: 3,
    said: { error: 'Config.MissingConfigError' },
  })
}, 60_000)

test('a token is minted once, for its owner only', async () => {
  const first = await firebreak(['token', '--data', join(directory, 'new'), '--json'])
  const again = await firebreak(['token', '--data', join(directory, 'new')])
  expect(first.code).toBe(0)
  expect(again.stdout.trim()).toBe(first.said.token)
  expect(String(first.said.token).length).toBeGreaterThanOrEqual(43)
  expect(statSync(join(directory, 'new', 'token')).mode & 0o077).toBe(0)
}, 30_000)

test('a configuration is held against the chain, and each claim that does not hold is told', async () => {
  const modules = new URL('..', import.meta.url).href
  const { contracts, chainId, readyAt } = place.world
  const addresses = Object.fromEntries(Object.entries(contracts).map(([name, { address }]) => [name, { address }]))
  const write = (file: string, change: string) => {
    const path = join(directory, file)
    const text = `
      import * as Accounts from '${modules}drill/Accounts.ts'
      import * as Setup from '${modules}drill/Setup.ts'
      Setup.provideKeys()
      const world = { chainId: ${chainId}, readyAt: ${readyAt}n, accounts: Accounts.derive(), contracts: ${JSON.stringify(addresses)} }
      const config = Setup.configuration({ world, rpc: ['${place.anvil.httpUrl}'] })
      ${change}
      export default config`
    writeFileSync(path, text)
    return path
  }
  // The vault is paused by now: that too is a state in which the action holds.
  const good = await firebreak(['check', '--config', write('good.ts', ''), '--json'])
  expect(good.said).toMatchObject({ ok: true })
  expect(good.code).toBe(0)
  const bad = await firebreak([
    'check',
    '--config',
    write('bad.ts', `config.systems.vault.address = '0x00000000000000000000000000000000000000aa'`),
    '--json',
  ])
  expect(bad.code).toBe(3)
  const failed = (bad.said.checks as { ok: boolean; what: string; says: string }[]).filter(({ ok }) => !ok)
  expect(failed).toMatchObject([{ what: 'system vault' }])
  expect(failed[0]?.says).toContain('no contract')
  const broken = await firebreak(['check', '--config', write('broken.ts', 'config.detectrs = []'), '--json'])
  expect(broken.code).toBe(3)
  expect(broken.said.message).toContain('did you mean detectors?')
}, 60_000)
