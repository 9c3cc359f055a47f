import { parseGwei } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../test/rehearsal.ts'
import { type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Chain from '../chain/Chain.ts'
import * as Fees from './Fees.ts'
import { guardian } from './guardian.ts'
import { keySender } from './keySender.ts'

let rehearsal: Rehearsal.Rehearsal
let proxy: Tamper
let chain: Chain.Chain
beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_033 })
  proxy = await tamper(rehearsal.anvil.httpUrl)
  chain = await Chain.open({
    name: 'local',
    chain: 'eip155:41033',
    endpoints: [proxy.httpUrl],
    log: Log.create('silent'),
  })
})
afterAll(async () => {
  chain?.close()
  await proxy?.stop()
  await rehearsal?.stop()
})

test('a node without eth_feeHistory gives a base fee by its head, one without a base fee a price', async () => {
  await rehearsal.client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('80') })
  await rehearsal.client.mine({ blocks: 1 })
  const usual = await Fees.suggest(chain)
  for (const code of [-32601, -32000]) {
    proxy.rules.set('eth_feeHistory', { kind: 'refuse', code, message: 'the method eth_feeHistory does not exist' })
    const fees = await Fees.suggest(chain)
    expect(fees).toMatchObject({ baseFeePerGas: parseGwei('90'), maxPriorityFeePerGas: parseGwei('5') })
    expect(Object.keys(fees)).toEqual(Object.keys(usual))
  }
  proxy.rules.set('eth_getBlockByNumber', {
    kind: 'lie',
    answer: async (_, honest) => ({ ...((await honest()) as object), baseFeePerGas: undefined }),
  })
  const price = BigInt((await chain.request('eth_gasPrice')) as string)
  expect(await Fees.suggest(chain)).toEqual({ gasPrice: price * 2n })
  proxy.rules.clear()
})

test('a guardian counts as ready by what gas costs now, and is told of as poor before it is too poor', async () => {
  const { address, privateKey } = rehearsal.accounts.guardian
  process.env.FEES_TEST_KEY = privateKey
  const by = guardian({ address, env: 'FEES_TEST_KEY' })
  const price = parseGwei('0.01')
  proxy.rules.set('eth_gasPrice', { kind: 'lie', answer: () => `0x${price.toString(16)}` })
  const ready = async (value: bigint) => {
    await rehearsal.client.setBalance({ address, value })
    return by.ready(chain)
  }
  const needed = price * 150_000n
  expect(await ready(needed - 1n)).toMatchObject({ ok: false, summary: expect.stringContaining('at the price of now') })
  expect(await ready(needed)).toMatchObject({ ok: true, summary: expect.stringContaining('Top it up.') })
  expect(await ready(needed * 10n)).toMatchObject({ ok: true, summary: `Guardian ${address} can pay for gas.` })
  expect(await ready(0n)).toMatchObject({ ok: false })
  proxy.rules.clear()

  // And then it does act: it offers no more than it holds, which a node would refuse.
  const sender = keySender({ address, env: 'FEES_TEST_KEY' })
  await rehearsal.client.setNextBlockBaseFeePerGas({ baseFeePerGas: price })
  await rehearsal.client.mine({ blocks: 1 })
  const value = price * 200_000n
  await rehearsal.client.setBalance({ address, value })
  const fees = await sender.fees(chain)
  const transaction = { to: address, data: '0x', value: 0n } as const
  const order = { nonce: 0n, gasLimit: 100_000n, fees, maxCostWei: 10n ** 18n }
  const { raw, maxCostWei } = await sender.sign(chain, transaction, order)
  expect(maxCostWei).toBeLessThanOrEqual(value)
  await chain.send(raw)
})

test('a cap below the base fee is an error, since no block would take the transaction', () => {
  const fees = { maxFeePerGas: 50n, maxPriorityFeePerGas: 5n, baseFeePerGas: 20n }
  expect(Fees.cap(fees, 10n, 200n)).toEqual({ maxFeePerGas: 20n, maxPriorityFeePerGas: 5n })
  expect(() => Fees.cap(fees, 10n, 199n)).toThrow(Fees.CostCapError)
  expect(() => Fees.cap(fees, 10n, 199n)).toThrow('less for gas than the base fee')
})

test('fees below the cap are left as they are', () => {
  const fees = { maxFeePerGas: 50n, maxPriorityFeePerGas: 5n }
  expect(Fees.cap(fees, 10n, 500n)).toEqual(fees)
  expect(Fees.cap({ gasPrice: 50n }, 10n, 500n)).toEqual({ gasPrice: 50n })
})

test('fees above the cap are lowered, the tip with the ceiling, so that the whole never costs more', () => {
  expect(Fees.cap({ maxFeePerGas: 50n, maxPriorityFeePerGas: 5n }, 10n, 499n)).toEqual({
    maxFeePerGas: 49n,
    maxPriorityFeePerGas: 5n,
  })
  expect(Fees.cap({ maxFeePerGas: 50n, maxPriorityFeePerGas: 45n }, 10n, 400n)).toEqual({
    maxFeePerGas: 40n,
    maxPriorityFeePerGas: 40n,
  })
  expect(Fees.cap({ gasPrice: 50n }, 10n, 9n + 10n)).toEqual({ gasPrice: 1n })
})

test('a cap that leaves nothing for gas is an error of the configuration', () => {
  for (const most of [9n, 0n, -1n]) expect(() => Fees.cap({ gasPrice: 1n }, 10n, most)).toThrow(Fees.CostCapError)
})
