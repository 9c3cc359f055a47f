import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import * as Anvil from './Anvil.ts'
import * as Rpc from './Rpc.ts'

const started: Anvil.Anvil[] = []
const start = async (options: Anvil.Options) => {
  const chain = await Anvil.start(options)
  started.push(chain)
  return chain
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((chain) => chain.stop()))
})

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('several chains run side by side, each with its own id', async () => {
  const chains = await Promise.all([901, 902, 903].map((chainId) => start({ chainId })))
  const ids = await Promise.all(chains.map(({ httpUrl }) => Rpc.call(httpUrl, 'eth_chainId')))
  expect(ids.map(Number)).toEqual([901, 902, 903])
  expect(new Set(chains.map(({ httpUrl }) => httpUrl)).size).toBe(3)
})

test('a chain answers on its WebSocket', async () => {
  const { wsUrl } = await start({ chainId: 904 })
  const socket = new WebSocket(wsUrl)
  const reply = await new Promise<string>((resolve, reject) => {
    socket.onopen = () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }))
    socket.onmessage = ({ data }) => resolve(String(data))
    socket.onerror = () => reject(new Error('no socket'))
  })
  socket.close()
  expect(JSON.parse(reply).result).toBe('0x388')
})

test('blocks come by themselves at the block time asked for', async () => {
  const { httpUrl } = await start({ chainId: 905, blockTime: 0.1 })
  await delay(450)
  expect(Number(await Rpc.call(httpUrl, 'eth_blockNumber'))).toBeGreaterThanOrEqual(2)
})

test('stop ends the process, and may be called twice', async () => {
  const chain = await start({ chainId: 906 })
  expect(exists(chain.pid)).toBe(true)
  await chain.stop()
  await chain.stop()
  expect(exists(chain.pid)).toBe(false)
})

test('a fixed port that is taken is an error that says so', async () => {
  const { httpUrl } = await start({ chainId: 907 })
  const port = Number(new URL(httpUrl).port)
  await expect(start({ chainId: 908, port })).rejects.toThrow(/ended before it answered/)
})

test('a binary that does not exist is an error with advice', () => {
  expect(() => Anvil.binary({ FIREBREAK_ANVIL: '/nowhere/anvil' })).toThrow(/unset it to use the installed one/)
})

const orphan = `
  const { start } = await import(${JSON.stringify(new URL('./Anvil.ts', import.meta.url).href)})
  console.log((await start({ chainId: 909 })).httpUrl)
`
test.each([
  ['returns', ''],
  ['throws', 'throw new Error("on purpose")'],
  ['is interrupted', 'process.kill(process.pid, "SIGINT"); await new Promise((r) => setTimeout(r, 5000))'],
  ['is terminated', 'process.kill(process.pid, "SIGTERM"); await new Promise((r) => setTimeout(r, 5000))'],
])('no chain is left behind when its parent %s', async (_, ending) => {
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', orphan + ending])
  const { stdout } = await run.catch((failed: { stdout: string }) => failed)
  expect(stdout.trim()).toMatch(/^http:/)
  await expect.poll(() => Rpc.call(stdout.trim(), 'eth_chainId').catch(() => 'gone')).toBe('gone')
})
