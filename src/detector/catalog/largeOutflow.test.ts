import {
  type Address,
  encodeFunctionData,
  erc20Abi,
  parseEther as ether,
  type Hex,
  pad,
  parseAbi,
  toEventSelector,
} from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Accounts from '../../drill/Accounts.ts'
import * as Artifacts from '../../drill/Artifacts.ts'
import { largeOutflow, type Options } from './largeOutflow.ts'

const tokenAbi = parseAbi(['function mint(address to, uint256 value)'])
const wethAbi = parseAbi(['function deposit() payable', 'function withdraw(uint256 wad)'])
const transferTopic = toEventSelector('Transfer(address,address,uint256)')

let rehearsal: Rehearsal.Rehearsal
let token: Address
let weth: Address
let vault: Address
let router: Address
let first: bigint
let snapshot: Hex

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_002 })
  const made = await Rehearsal.artifacts()
  token = await rehearsal.deploy('deployer', made.OpenToken)
  weth = await rehearsal.deploy('deployer', (await Artifacts.load()).WETH9)
  vault = await rehearsal.deploy('deployer', made.Actor)
  router = await rehearsal.deploy('deployer', made.Actor)
  for (const name of ['lender1', 'lender2', 'whale', 'borrower1'] as const)
    await rehearsal.send(name, { to: token, data: mint(address(name), ether('100000')) })
  await rehearsal.send('lender2', { to: token, data: transfer(vault, ether('1000')) })
})
beforeEach(async () => {
  snapshot = await rehearsal.client.snapshot()
  first = await rehearsal.client.getBlockNumber({ cacheTime: 0 })
})
afterEach(() => rehearsal.client.revert({ id: snapshot }))
afterAll(() => rehearsal?.stop())

const address = (name: Accounts.Name) => rehearsal.accounts[name].address
const mint = (to: Address, value: bigint) =>
  encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [to, value] })
const transfer = (to: Address, value: bigint) =>
  encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, value] })
const supply = (from: Accounts.Name, value: bigint) => rehearsal.send(from, { to: token, data: transfer(vault, value) })
const pay = (sender: Accounts.Name, to: Address, value: bigint) =>
  rehearsal.send(sender, { to: vault, data: Rehearsal.run([token, transfer(to, value)]) })

async function findings(options: Partial<Options> = {}) {
  const detector = largeOutflow({
    chain: 'local',
    system: 'vault',
    contract: vault,
    asset: { address: token, decimals: 18, symbol: 'TKN' },
    ...options,
  })
  // From the block before, so that a depositor of the set-up is known too.
  return Rehearsal.replay([detector], await rehearsal.facts([detector], first)).findings
}
const short = (found: Awaited<ReturnType<typeof findings>>) =>
  found.map(({ severity, values }) => [severity, values.unowed])
/** Small loans, so that there is a history: `count` outflows of about 1 token. */
async function history(count: number) {
  for (let index = 0; index < count; index++)
    await pay('borrower1', address('borrower1'), ether('1') + BigInt(index % 5) * ether('0.2'))
}

test('what returns to the account that had put it in is P4 however large, and only what exceeds it counts', async () => {
  await supply('whale', ether('3000'))
  await history(21)
  await pay('whale', address('whale'), ether('3000'))
  expect(short(await findings())).toEqual([['P4', 0n]])
  await supply('whale', ether('3000'))
  await pay('whale', address('whale'), ether('3200'))
  const found = await findings()
  expect(short(found)).toEqual([
    ['P4', 0n],
    ['P2', ether('200')],
  ])
  expect(found[0]?.sentence).toMatch(
    /^3,000\.00 TKN left contract \S+ in one transaction, 7\d % of all it held; those who took it had put in as much before\.$/,
  )
})

test('a credit is used up: the same deposit is returned once', async () => {
  await history(21)
  await supply('whale', ether('400'))
  await pay('whale', address('whale'), ether('400'))
  await pay('whale', address('whale'), ether('400'))
  expect(short(await findings())).toEqual([
    ['P4', 0n],
    ['P1', ether('400')],
  ])
})

test('many people behind one router are told apart by who sends', async () => {
  await history(21)
  await rehearsal.send('whale', { to: token, data: transfer(router, ether('2000')) })
  await rehearsal.send('whale', { to: router, data: Rehearsal.run([token, transfer(vault, ether('500'))]) })
  await pay('attacker', router, ether('500'))
  expect(short(await findings())).toEqual([['P4', 0n]])
  expect(short(await findings({ intermediaries: [router] }))).toEqual([['P1', ether('500')]])
})

test('a loan that comes back within the transaction raises nothing', async () => {
  await history(21)
  await rehearsal.send('attacker', {
    to: router,
    data: Rehearsal.run(
      [vault, Rehearsal.run([token, transfer(router, ether('900'))])],
      [token, transfer(vault, ether('900'))],
    ),
  })
  expect(await findings()).toEqual([])
})

test('dust raises nothing, however unusual, and is not remembered', async () => {
  for (let index = 0; index < 22; index++) await pay('attacker', address('attacker'), 1_000n)
  await pay('attacker', address('attacker'), ether('9'))
  await pay('attacker', address('attacker'), ether('60'))
  expect(await findings()).toEqual([])
})

test('without enough history half of all is P2 and less is nothing; a floor keeps nearly empty contracts quiet', async () => {
  await pay('attacker', address('attacker'), ether('450'))
  await pay('attacker', address('attacker'), ether('400'))
  const found = await findings()
  expect(short(found)).toEqual([['P2', ether('400')]])
  expect(found[0]).toMatchObject({ confidence: 0.5, values: { observations: 1, distance: null } })
  expect(await findings({ minAmount: ether('500') })).toEqual([])
})

test('the grade rises with the share and with the distance', async () => {
  await history(21)
  for (const amount of ['15', '60', '300']) await pay('attacker', address('attacker'), ether(amount))
  const found = await findings()
  expect(found.map(({ severity }) => severity)).toEqual(['P3', 'P2', 'P1'])
  expect(found.at(-1)?.sentence).toMatch(
    /^300\.00 TKN left contract \S+ in one transaction to accounts that had not put it in, 3\d % of all it held, 5 times the largest such outflow known\.$/,
  )
  expect(found.every(({ confidence }) => confidence >= 0.9)).toBe(true)
})

test('a drain in many small transactions of one block is told once, for the block', async () => {
  await history(25)
  const data = Rehearsal.run([token, transfer(address('attacker'), ether('2'))])
  await rehearsal.sendTogether(
    'borrower1',
    Array.from({ length: 60 }, () => ({ to: vault, data })),
  )
  const found = await findings()
  expect(short(found)).toEqual([['P1', ether('120')]])
  expect(found[0]).toMatchObject({
    transactionHash: undefined,
    sentence: expect.stringContaining('in the 60 transactions of one block'),
  })
})

test('unwrapping counts as leaving, wrapping as coming', async () => {
  await rehearsal.send('lender1', {
    to: weth,
    data: encodeFunctionData({ abi: wethAbi, functionName: 'deposit' }),
    value: ether('800'),
  })
  await rehearsal.send('lender1', { to: weth, data: transfer(vault, ether('800')) })
  const unwrap = (value: bigint) => ({
    to: vault,
    data: Rehearsal.run([weth, encodeFunctionData({ abi: wethAbi, functionName: 'withdraw', args: [value] })]),
  })
  const asset = { address: weth, decimals: 18, symbol: 'WETH' }
  await rehearsal.send('lender1', unwrap(ether('300')))
  await rehearsal.send('attacker', unwrap(ether('400')))
  expect(short(await findings({ asset }))).toEqual([
    ['P4', 0n],
    ['P2', ether('400')],
  ])
})

test('logs that do not fit become findings of their own, and the rest is judged', async () => {
  const asset = { address: router, decimals: 18, symbol: 'BAD' }
  const words = [pad(vault), pad(address('attacker')), pad('0x05')] as const
  await rehearsal.send('attacker', {
    to: router,
    data: Rehearsal.run(
      ...(
        [
          [[transferTopic, words[0], words[1]], '0x1234'],
          [[transferTopic, words[0], words[1]], pad('0x05', { size: 64 })],
          [[transferTopic, ...words], '0x'],
          [[transferTopic], '0x'],
          [[], pad('0x05')],
        ] as const
      ).map(([topics, data]) => [router, Rehearsal.emit(topics, data)] as const),
      [token, mint(vault, 1n)],
    ),
  })
  const found = await findings({ asset })
  expect(found.map(({ severity, values }) => [severity, typeof values.problem])).toEqual(
    Array(4).fill(['P3', 'string']),
  )
  expect(found[0]?.sentence).toMatch(
    /^Detector largeOutflow:vault could not judge this block: A Transfer log of 0x\w+ does not fit the ABI given for it: it has 3 topics and 2 bytes of data\.$/,
  )
})

test('tokens that move while the balance cannot be read are an error that says so', async () => {
  const asset = { address: router, decimals: 18, symbol: 'BAD' }
  await rehearsal.send('attacker', {
    to: router,
    data: Rehearsal.emit([transferTopic, pad(vault), pad(address('attacker'))], pad('0x05')),
  })
  const found = await findings({ asset })
  expect(found.map(({ severity, sentence }) => [severity, sentence])).toEqual([
    [
      'P3',
      'Detector largeOutflow:vault could not judge this block: BAD moved, but what the contract holds of it could not be read.',
    ],
  ])
})
