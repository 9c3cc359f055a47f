import { type Address, encodeFunctionData, parseEther as ether, type Hex, pad, parseAbi, toEventSelector } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Accounts from '../../drill/Accounts.ts'
import { type Options, unexpectedMint } from './unexpectedMint.ts'

const abi = parseAbi(['function mint(address to, uint256 value)', 'function burn(address from, uint256 value)'])

let rehearsal: Rehearsal.Rehearsal
let token: Address
let bridge: Address
let first: bigint
let snapshot: Hex

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_006 })
  const made = await Rehearsal.artifacts()
  token = await rehearsal.deploy('deployer', made.OpenToken)
  bridge = await rehearsal.deploy('deployer', made.Actor)
})
beforeEach(async () => {
  snapshot = await rehearsal.client.snapshot()
  first = (await rehearsal.client.getBlockNumber({ cacheTime: 0 })) + 1n
})
afterEach(() => rehearsal.client.revert({ id: snapshot }))
afterAll(() => rehearsal?.stop())

const address = (name: Accounts.Name) => rehearsal.accounts[name].address
const data = (functionName: 'mint' | 'burn', value: bigint) =>
  encodeFunctionData({ abi, functionName, args: [address('trader1'), value] })
const mint = (from: Accounts.Name, value: bigint) => rehearsal.send(from, { to: token, data: data('mint', value) })
async function findings(options: Partial<Options> = {}) {
  const detector = unexpectedMint({
    chain: 'local',
    system: 'token',
    token: { address: token, decimals: 18, symbol: 'TKN' },
    ...options,
  })
  return Rehearsal.replay([detector], await rehearsal.facts([detector], first)).findings
}
const short = (found: Awaited<ReturnType<typeof findings>>) =>
  found.map(({ severity, values }) => [severity, values.amount])

test('a mint by a stranger is P1, a small one P2, by a minter or through one nothing', async () => {
  const minters = [address('deployer'), bridge]
  await mint('deployer', ether('1000'))
  await mint('attacker', ether('100'))
  await mint('attacker', 1n)
  await rehearsal.send('trader2', { to: bridge, data: Rehearsal.run([token, data('mint', ether('5'))]) })
  const found = await findings({ minters })
  expect(short(found)).toEqual([
    ['P1', ether('100')],
    ['P2', 1n],
  ])
  expect(found[0]?.sentence).toMatch(
    /^100\.00 TKN, 10 % of all there were, came into being: by 0x\w{4}…\w{4}, who is not a minter\.$/,
  )
})

test('with the minting functions the caller itself is judged, from traces', async () => {
  const options = { minters: [bridge], functions: abi }
  await mint('deployer', ether('1000'))
  await rehearsal.send('attacker', { to: bridge, data: Rehearsal.run([token, data('mint', ether('5'))]) })
  expect(short(await findings(options))).toEqual([['P1', ether('1000')]].map(([, amount]) => ['P2', amount]))
  const [found] = await findings({ ...options, minters: [address('attacker')] })
  expect(found?.severity).toBe('P2')
})

test('tokens burned again within the transaction are a flash mint', async () => {
  await mint('deployer', ether('10'))
  await rehearsal.send('attacker', {
    to: bridge,
    data: Rehearsal.run([token, data('mint', ether('1000000'))], [token, data('burn', ether('1000000'))]),
  })
  expect(await findings({ minters: [address('deployer')] })).toEqual([])
})

test('handing a token out at the start wakes nobody', async () => {
  for (const amount of ['100', '400', '2000', '9000']) await mint('deployer', ether(amount))
  expect(await findings({ minters: [address('deployer')] })).toEqual([])
  expect((await findings()).map(({ severity }) => severity)).toEqual(['P3', 'P3', 'P3'])
})

test('a listed minter that mints far more than ever before is seen by the amount', async () => {
  await mint('deployer', ether('1000'))
  for (let index = 0; index < 21; index++) await mint('deployer', ether('1') + BigInt(index % 4) * ether('0.3'))
  for (const amount of ['1.5', '25', '300', '20000']) await mint('deployer', ether(amount))
  const found = await findings({ minters: [address('deployer')] })
  expect(short(found)).toEqual([
    ['P3', ether('25')],
    ['P2', ether('300')],
    ['P1', ether('20000')],
  ])
  expect(found.at(-1)?.sentence).toContain('more than there were before, and far more than is usual for it')
})

test('a limit for each block counts what all transactions mint together', async () => {
  await mint('deployer', ether('100000'))
  await rehearsal.sendTogether(
    'deployer',
    Array.from({ length: 3 }, () => ({ to: token, data: data('mint', ether('40')) })),
  )
  const minters = [address('deployer')]
  const ours = (found: Awaited<ReturnType<typeof findings>>) => found.filter(({ blockNumber }) => blockNumber > first)
  expect(short(ours(await findings({ minters, maxPerBlock: ether('100') })))).toEqual([['P2', ether('120')]])
  expect(ours(await findings({ minters, maxPerBlock: ether('120') }))).toEqual([])
})

test('logs that do not fit become findings of their own, and no supply is no error', async () => {
  const topic = toEventSelector('Transfer(address,address,uint256)')
  await rehearsal.send('attacker', {
    to: bridge,
    data: Rehearsal.run(
      [bridge, Rehearsal.emit([topic, pad('0x00', { size: 32 })], '0x')],
      [bridge, Rehearsal.emit([topic, pad('0x00', { size: 32 }), pad('0x05')], pad('0x07'))],
    ),
  })
  const found = await findings({
    token: { address: bridge, decimals: 0, symbol: 'BAD' },
    minters: [address('deployer')],
  })
  expect(found.map(({ severity, values }) => [severity, 'problem' in values])).toEqual([
    ['P3', true],
    ['P2', false],
  ])
})
