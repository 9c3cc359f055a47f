import { createRequire } from 'node:module'
import { type Abi, type Address, encodeDeployData, encodeFunctionData, type Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Anvil from '../drill/Anvil.ts'
import * as Rpc from '../drill/Rpc.ts'
import type * as Block from './Block.ts'
import * as Chain from './Chain.ts'
import * as Fetch from './Fetch.ts'

const source = `
pragma solidity ^0.8.0;
contract Inner {
  event Paid(uint256 amount);
  function pay() external payable { emit Paid(msg.value); }
  function fail(address inner) external { Inner(inner).pay(); revert("no"); }
  function view_() external pure returns (uint256) { return 7; }
}
contract Mortal { constructor() payable {} function end(address payable to) external { selfdestruct(to); } }
contract Broken { constructor() { revert("never"); } }
contract Outer {
  uint256 public stored;
  function library_() external payable { stored = 1; }
  function run(address inner, address code) external payable {
    Inner(inner).pay{value: 1}();
    try Inner(inner).fail(inner) {} catch {}
    (bool ok,) = code.delegatecall(abi.encodeWithSignature("library_()"));
    require(ok);
    stored = Inner(inner).view_();
    Mortal mortal = new Mortal{value: 2}();
    new Mortal{salt: bytes32(uint256(1))}();
    mortal.end(payable(inner));
    try new Broken() {} catch {}
    payable(msg.sender).transfer(3);
  }
}`

const from = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
let anvil: Anvil.Anvil
let proxy: Tamper
let chain: Chain.Chain
let block: bigint
let outer: Address
let inner: Address

type Artifact = { abi: Abi; evm: { bytecode: { object: string } } }

beforeAll(async () => {
  const solc = createRequire(import.meta.url)('solc') as { compile: (input: string) => string }
  const settings = { evmVersion: 'cancun', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } }
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: 'Solidity', sources: { 'a.sol': { content: source } }, settings })),
  )
  const artifacts = output.contracts['a.sol'] as Record<string, Artifact>

  anvil = await Anvil.start({ chainId: 7_001 })
  proxy = await tamper(anvil.httpUrl)
  chain = await Chain.open({
    name: 'traced',
    chain: 'eip155:7001',
    endpoints: [proxy.wsUrl],
    log: Log.create('silent'),
  })
  const deploy = async (name: string) => {
    const { abi, evm } = artifacts[name]!
    const data = encodeDeployData({ abi, bytecode: `0x${evm.bytecode.object}` as Hex })
    const receipt = (await Rpc.call(anvil.httpUrl, 'eth_sendTransactionSync', [{ from, data, gas: '0x400000' }])) as {
      contractAddress: Address
    }
    return receipt.contractAddress.toLowerCase() as Address
  }
  inner = await deploy('Inner')
  outer = await deploy('Outer')
  const library = await deploy('Outer')
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [false])
  const data = encodeFunctionData({ abi: artifacts.Outer!.abi, functionName: 'run', args: [inner, library] })
  await Rpc.call(anvil.httpUrl, 'eth_sendTransaction', [{ from, to: outer, data, value: '0x10', gas: '0x400000' }])
  await Rpc.call(anvil.httpUrl, 'eth_sendTransaction', [{ from, to: inner, value: '0x1', gas: '0x10000' }])
  await Rpc.call(anvil.httpUrl, 'eth_sendTransaction', [
    { from, data: `0x${artifacts.Mortal!.evm.bytecode.object}`, gas: '0x400000' },
  ])
  await Rpc.call(anvil.httpUrl, 'evm_mine')
  block = BigInt((await Rpc.call(anvil.httpUrl, 'eth_blockNumber')) as string)
}, 30_000)

afterAll(async () => {
  chain?.close()
  await proxy?.stop()
  await anvil?.stop()
})

/** A chain of its own, because what an endpoint lacks is remembered. */
async function tracedWithout(...methods: string[]): Promise<readonly Block.Call[] | undefined> {
  for (const method of methods)
    proxy.rules.set(method, { kind: 'refuse', code: -32601, message: 'the method does not exist/is not available' })
  const other = await Chain.open({
    name: 'traced',
    chain: 'eip155:7001',
    endpoints: [proxy.wsUrl],
    log: Log.create('silent'),
  })
  try {
    return (await Fetch.facts(other, block, { calls: true })).calls
  } finally {
    other.close()
    proxy.rules.clear()
  }
}

test('the calls of a block, in order, with what was undone marked as such', async () => {
  const { calls = [] } = await Fetch.facts(chain, block, { calls: true })
  const shown = calls.map(
    ({ path, kind, value, succeeded }) => `${path.join('.') || '-'} ${kind} ${value} ${succeeded}`,
  )
  expect(shown).toMatchInlineSnapshot(`
    [
      "- call 16 true",
      "0 call 1 true",
      "1 call 0 false",
      "1.0 call 0 false",
      "2 delegatecall 0 true",
      "3 staticcall 0 true",
      "4 create 2 true",
      "5 create2 0 true",
      "6 call 0 true",
      "6.0 selfdestruct 2 true",
      "7 create 0 false",
      "8 call 3 true",
      "- call 1 false",
      "- create 0 true",
    ]
  `)
  expect(calls[0]).toMatchObject({ from, to: outer, path: [] })
  expect(calls[1]).toMatchObject({ from: outer, to: inner, kind: 'call', value: 1n })
})

test('trace_block, debug_traceBlockByHash and debug_traceTransaction give the same calls', async () => {
  const parity = await tracedWithout()
  const byBlock = await tracedWithout('trace_block')
  proxy.asked.length = 0
  const byTransaction = await tracedWithout('trace_block', 'debug_traceBlockByHash')
  expect(proxy.asked.filter((method) => method === 'debug_traceTransaction')).toHaveLength(3)
  expect(parity).toHaveLength(14)
  expect(byBlock).toEqual(parity)
  expect(byTransaction).toEqual(parity)
})

test('without any kind of trace the calls are unknown, not none', async () => {
  expect(await tracedWithout('trace_block', 'debug_traceBlockByHash', 'debug_traceTransaction')).toBeUndefined()
})

test.each([
  [
    'leaves a transaction out',
    (traces: Trace[]) => traces.filter(({ transactionPosition }) => transactionPosition !== 1),
  ],
  [
    'gives traces of another block',
    (traces: Trace[]) => traces.map((trace) => ({ ...trace, blockHash: `0x${'ab'.repeat(32)}` })),
  ],
  [
    'leaves out the call around another',
    (traces: Trace[]) => traces.filter(({ traceAddress }) => traceAddress.join() !== '1'),
  ],
  ['gives no list', () => ({})],
])('an endpoint that %s is found out, and the next one is believed', async (_, change) => {
  const endpoints = [proxy.wsUrl, anvil.wsUrl]
  const other = await Chain.open({ name: 'traced', chain: 'eip155:7001', endpoints, log: Log.create('silent') })
  proxy.rules.set('trace_block', { kind: 'lie', answer: async (_params, truth) => change((await truth()) as Trace[]) })
  try {
    expect((await Fetch.facts(other, block, { calls: true })).calls).toHaveLength(14)
    expect(other.status()[0]?.suspicion).toEqual(expect.any(String))
  } finally {
    other.close()
    proxy.rules.clear()
  }
})

type Trace = { readonly transactionPosition: number; readonly traceAddress: readonly number[] }
