import { encodeAbiParameters, encodeErrorResult, type Hex, parseAbi, parseAbiParameters } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Anvil from '../drill/Anvil.ts'
import * as Rpc from '../drill/Rpc.ts'
import * as Abi from './Abi.ts'
import * as Chain from './Chain.ts'
import * as Fork from './Fork.ts'

const from = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
const poor = '0x1111111111111111111111111111111111111111'
const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
/** Counts its calls in slot 0, logs the count as a topic and returns it; reverts with the calldata once the count is above 2. */
const code = '60005460010180600210601f57806000558060006000a160005260206000f35b366000600037366000fd'

let anvil: Anvil.Anvil
let proxy: Tamper
let counter: Hex
const opened: Chain.Chain[] = []

beforeAll(async () => {
  anvil = await Anvil.start({ chainId: 7_401 })
  proxy = await tamper(anvil.httpUrl)
  const length = (code.length / 2).toString(16)
  const receipt = (await Rpc.call(anvil.httpUrl, 'eth_sendTransactionSync', [
    { from, data: `0x60${length}600c60003960${length}6000f3${code}`, gas: '0x100000' },
  ])) as { contractAddress: Hex }
  counter = receipt.contractAddress
})
afterEach(() => {
  for (const chain of opened.splice(0)) chain.close()
  proxy.rules.clear()
})
afterAll(async () => {
  await proxy?.stop()
  await anvil?.stop()
})

async function open(): Promise<Chain.Chain> {
  const chain = await Chain.open({
    name: 'forked',
    chain: 'eip155:7401',
    endpoints: [proxy.wsUrl],
    log: Log.create('silent'),
  })
  opened.push(chain)
  return chain
}

const word = (value: number) => encodeAbiParameters(parseAbiParameters('uint256'), [BigInt(value)])
const revert = (reason: string) =>
  encodeErrorResult({ abi: parseAbi(['error Error(string)']), errorName: 'Error', args: [reason] })

test('calls run in order, each on what the ones before it left, and nothing stays', async () => {
  const chain = await open()
  const call = { from: poor, to: counter, data: revert('enough') } as const
  for (let again = 0; again < 2; again++) {
    const outcomes = await Fork.simulate(chain, { calls: [call, call, call, { from, to: poor, value: 7n }] })
    expect(outcomes).toMatchObject([
      {
        status: 'success',
        returnData: word(1),
        logs: [{ address: counter, topics: [word(1)], data: '0x' }],
        error: undefined,
      },
      { status: 'success', returnData: word(2), logs: [{ topics: [word(2)] }] },
      { status: 'reverted', returnData: revert('enough'), logs: [], error: 'enough' },
      { status: 'success', returnData: '0x', gasUsed: 21_000n, logs: [] },
    ])
    expect(outcomes[0]?.gasUsed).toBeGreaterThan(40_000n)
  }
  expect(await chain.request('eth_getStorageAt', [counter, '0x0', 'latest'])).toBe(word(0))
})

test('the block can be chosen, and the state assumed', async () => {
  const chain = await open()
  const before = BigInt((await chain.request('eth_blockNumber')) as string)
  await Rpc.call(anvil.httpUrl, 'eth_sendTransactionSync', [{ from, to: counter, data: '0x', gas: '0x100000' }])
  const calls = [{ from: poor, to: counter } as const]
  expect(await Fork.simulate(chain, { calls })).toMatchObject([{ returnData: word(2) }])
  expect(await Fork.simulate(chain, { calls, block: before })).toMatchObject([{ returnData: word(1) }])
  const stateOverrides = { [counter]: { stateDiff: { [word(0)]: word(9) } } }
  expect(await Fork.simulate(chain, { calls, stateOverrides })).toMatchObject([{ status: 'reverted' }])
  const rich = await Fork.simulate(chain, {
    calls: [{ from: poor, to, value: 5n }],
    stateOverrides: { [poor]: { balance: 5n } },
    traceTransfers: true,
  })
  expect(rich).toMatchObject([
    { status: 'success', logs: [{ address: '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', data: word(5) }] },
  ])
  await expect(Fork.simulate(chain, { calls: [{ from: poor, to, value: 5n }] })).rejects.toMatchObject({
    name: 'Wire.RpcError',
  })
})

test('the block of the dry run comes after the one it stands on', async () => {
  const chain = await open()
  // Returns NUMBER and TIMESTAMP.
  const clock = { [poor]: { code: ('0x43600052426020526040' + '6000f3') as Hex } }
  const head = (await chain.request('eth_getBlockByNumber', ['latest', false])) as { number: Hex; timestamp: Hex }
  const [outcome] = await Fork.simulate(chain, { calls: [{ from, to: poor }], stateOverrides: clock })
  expect(outcome?.returnData).toBe(word(Number(head.number) + 1) + word(Number(head.timestamp) + 1).slice(2))
})

test('without eth_simulateV1 one call still runs, with what is not known left open; several are an error', async () => {
  proxy.rules.set('eth_simulateV1', {
    kind: 'refuse',
    code: -32601,
    message: 'the method eth_simulateV1 does not exist/is not available',
  })
  const chain = await open()
  const stateOverrides = { [counter]: { stateDiff: { [word(0)]: word(0) } } }
  const call = { from: poor, to: counter, data: revert('enough') } as const
  expect(await Fork.simulate(chain, { calls: [call], stateOverrides })).toEqual([
    { status: 'success', returnData: word(1), gasUsed: undefined, logs: undefined, error: undefined },
  ])
  const full = { [counter]: { stateDiff: { [word(0)]: word(2) } } }
  expect(await Fork.simulate(chain, { calls: [call], stateOverrides: full })).toMatchObject([
    { status: 'reverted', returnData: revert('enough'), error: 'enough' },
  ])
  await expect(Fork.simulate(chain, { calls: [call, call] })).rejects.toMatchObject({
    name: 'Fork.SimulationUnavailableError',
    remedy: 'config',
  })
})

test('revert data is put into words', () => {
  const panic = encodeErrorResult({ abi: parseAbi(['error Panic(uint256)']), errorName: 'Panic', args: [17n] })
  expect([revert('no'), panic, '0x12345678', '0x12', '0x'].map((data) => Abi.decodeRevert(data as Hex))).toEqual([
    'no',
    'panic 0x11: arithmetic overflow',
    'custom error 0x12345678',
    'custom error 0x12',
    undefined,
  ])
})
