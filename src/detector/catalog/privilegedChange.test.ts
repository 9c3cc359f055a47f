import { createRequire } from 'node:module'
import {
  type Abi,
  type Address,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  keccak256,
  pad,
  parseAbi,
  stringToHex,
  toEventSelector,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import * as Safe from '../../drill/Safe.ts'
import * as Sender from '../../drill/Sender.ts'
import * as World from '../../drill/World.ts'
import { type Options, privilegedChange } from './privilegedChange.ts'

const require = createRequire(import.meta.url)
const openZeppelin = (name: string) =>
  require(`@openzeppelin/contracts/build/contracts/${name}.json`) as { readonly abi: Abi; readonly bytecode: Hex }
/** `eip1967.proxy.admin` less one (https://eips.ethereum.org/EIPS/eip-1967). */
const adminSlot = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103'
const safeAbi = parseAbi([
  'function changeThreshold(uint256 threshold)',
  'function addOwnerWithThreshold(address owner, uint256 threshold)',
  'function swapOwner(address prevOwner, address oldOwner, address newOwner)',
  'function enableModule(address module)',
  'function disableModule(address prevModule, address module)',
  'function setFallbackHandler(address handler)',
  'function setGuard(address guard)',
])

let rehearsal: Rehearsal.Rehearsal
let world: World.World
let actor: Address

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_003 })
  world = await World.deploy({ url: rehearsal.anvil.httpUrl })
  actor = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).Actor)
})
afterAll(() => rehearsal?.stop())

const address = (name: keyof World.World['accounts']) => rehearsal.accounts[name].address
const head = () => rehearsal.client.getBlockNumber({ cacheTime: 0 })
/** The owners have their Safe call itself, or another contract. */
async function order(data: Hex, to: Address = world.contracts.safe.address) {
  const sender = Sender.open(world.url, world.chainId, world.accounts)
  const [hash] = await Sender.sendAll(sender, [await Safe.order(world, { to, data })])
  const { status } = await rehearsal.client.waitForTransactionReceipt({ hash: hash as Hex, pollingInterval: 10 })
  expect(status).toBe('success')
}
/** What is told of what `acts` does to `contracts`; the block before is seen too. */
async function told(contracts: readonly Address[], acts: () => Promise<unknown>, options: Partial<Options> = {}) {
  const detector = privilegedChange({ chain: 'local', system: 'vault', contracts, ...options })
  const first = await head()
  await acts()
  const { findings } = Rehearsal.replay([detector], (await rehearsal.facts([detector], first - 1n)).slice(1))
  return findings.filter(({ blockNumber }) => blockNumber > first)
}
const short = (findings: Awaited<ReturnType<typeof told>>) =>
  findings.map(({ severity, values }) => `${severity} ${values.event}`)

test('Safe 1.4.1: signers, modules, guard and handler, each by what it lets the new holder do', async () => {
  const { safe, safeHandler } = world.contracts
  const call = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: safeAbi as Abi, functionName, args })
  const findings = await told(
    [safe.address],
    async () => {
      await order(call('addOwnerWithThreshold', [address('trader1'), 3n]))
      // Three signatures are needed now, so all owners sign that two are enough again.
      const sender = Sender.open(world.url, world.chainId, world.accounts)
      const lower = await Safe.order(world, {
        to: safe.address,
        data: call('changeThreshold', [2n]),
        signers: ['owner1', 'owner2', 'owner3'],
      })
      await rehearsal.client.waitForTransactionReceipt({
        hash: (await Sender.sendAll(sender, [lower]))[0] as Hex,
        pollingInterval: 10,
      })
      await order(call('enableModule', [actor]))
      await order(call('disableModule', ['0x0000000000000000000000000000000000000001', actor]))
      await order(call('setFallbackHandler', [actor]))
      await order(call('setFallbackHandler', [safeHandler.address]))
      await order(call('swapOwner', [address('trader1'), address('owner1'), address('trader2')]))
    },
    { safes: [safe.address] },
  )
  expect(short(findings)).toEqual([
    'P2 AddedOwner',
    'P4 ChangedThreshold',
    'P1 ChangedThreshold',
    'P1 EnabledModule',
    'P3 DisabledModule',
    'P2 ChangedFallbackHandler',
    'P2 ChangedFallbackHandler',
    'P3 RemovedOwner',
    'P2 AddedOwner',
  ])
  expect(findings[2]?.sentence).toMatch(
    /^The Safe now needs only 2 signatures instead of 3 on contract 0x\w{4}…\w{4}, sent by 0x\w{4}…\w{4}\. Nobody announced this\.$/,
  )
})

test('Safe 1.3.0, whose parameters are not indexed, and a guardian that is not indexed either', async () => {
  const at = pad(address('attacker'))
  const signatures = [
    'AddedOwner(address)',
    'RemovedOwner(address)',
    'EnabledModule(address)',
    'DisabledModule(address)',
    'ChangedGuard(address)',
    'ChangedFallbackHandler(address)',
    'ChangedMasterCopy(address)',
    'GuardianSet(address)',
  ] as const
  const findings = await told([actor], async () => {
    for (const signature of signatures)
      await rehearsal.send('attacker', { to: actor, data: Rehearsal.emit([toEventSelector(signature)], at) })
    await rehearsal.send('attacker', {
      to: actor,
      data: Rehearsal.emit([toEventSelector('ChangedThreshold(uint256)')], pad('0x01')),
    })
  })
  expect(short(findings)).toEqual([
    'P2 AddedOwner',
    'P3 RemovedOwner',
    'P1 EnabledModule',
    'P3 DisabledModule',
    'P2 ChangedGuard',
    'P2 ChangedFallbackHandler',
    'P1 ChangedMasterCopy',
    'P2 GuardianSet',
    'P1 ChangedThreshold',
  ])
  expect(findings.every(({ actors }) => actors.includes(`eip155:41003:${address('attacker')}`))).toBe(true)
  expect(findings.at(-1)?.sentence).toContain('only 1 signature instead of a number not known here')
})

test('ownership: passed on, given up, begun; to oneself is no change', async () => {
  const transferred = toEventSelector('OwnershipTransferred(address,address)')
  const [a, b, none] = [pad(address('trader1')), pad(address('trader2')), pad(zeroAddress)]
  const findings = await told([actor], async () => {
    for (const topics of [
      [transferred, a, b],
      [transferred, a, none],
      [transferred, a, a],
      [toEventSelector('OwnershipTransferStarted(address,address)'), a, b],
    ]) {
      await rehearsal.send('trader3', { to: actor, data: Rehearsal.emit(topics) })
    }
  })
  expect(short(findings)).toEqual(['P2 OwnershipTransferred', 'P3 OwnershipTransferred', 'P3 OwnershipTransferStarted'])
})

test('proxies, beacons and roles of OpenZeppelin; a constructor speaks of a beginning, not of a change', async () => {
  const implementation = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).Gate)
  const nonce = BigInt(await rehearsal.client.getTransactionCount({ address: address('deployer') }))
  const [proxy, beacon, timelock] = [0n, 1n, 2n].map((offset) =>
    getContractAddress({ from: address('deployer'), nonce: nonce + offset }),
  ) as [Address, Address, Address]
  const role = keccak256(stringToHex('PROPOSER_ROLE'))
  const findings = await told([proxy, beacon, timelock], async () => {
    await rehearsal.deploy('deployer', openZeppelin('TransparentUpgradeableProxy'), [
      implementation,
      address('deployer'),
      encodeFunctionData({ abi: parseAbi(['function init()']), functionName: 'init' }),
    ])
    await rehearsal.deploy('deployer', openZeppelin('UpgradeableBeacon'), [implementation, address('deployer')])
    await rehearsal.deploy('deployer', openZeppelin('TimelockController'), [0n, [], [], address('deployer')])
    const stored = await rehearsal.client.getStorageAt({ address: proxy, slot: adminSlot })
    const upgrade = encodeFunctionData({
      abi: openZeppelin('ProxyAdmin').abi,
      functionName: 'upgradeAndCall',
      args: [proxy, actor, '0x'],
    })
    await rehearsal.send('deployer', { to: `0x${stored?.slice(-40)}`, data: upgrade })
    await rehearsal.send('deployer', {
      to: beacon,
      data: encodeFunctionData({
        abi: openZeppelin('UpgradeableBeacon').abi,
        functionName: 'upgradeTo',
        args: [actor],
      }),
    })
    for (const functionName of ['grantRole', 'revokeRole', 'grantRole'] as const) {
      await rehearsal.send('deployer', {
        to: timelock,
        data: encodeFunctionData({
          abi: openZeppelin('TimelockController').abi,
          functionName,
          args: [role, address('attacker')],
        }),
      })
    }
    await rehearsal.send('attacker', {
      to: timelock,
      data: encodeFunctionData({
        abi: openZeppelin('TimelockController').abi,
        functionName: 'renounceRole',
        args: [role, address('attacker')],
      }),
    })
  })
  expect(short(findings)).toEqual([
    'P1 Upgraded',
    'P1 Upgraded',
    'P2 RoleGranted',
    'P3 RoleRevoked',
    'P2 RoleGranted',
    'P4 RoleRevoked',
  ])
  expect(findings[0]?.values).toMatchObject({ holder: expect.stringMatching(/^0x/), announced: false })
})

test('what was announced is P4, where every field announced is as announced', async () => {
  const upgraded = toEventSelector('Upgraded(address)')
  const act = () => rehearsal.send('deployer', { to: actor, data: Rehearsal.emit([upgraded, pad(address('trader1'))]) })
  const [sender, holder, other] = [address('deployer'), address('trader1'), address('attacker')]
  const graded = async (expected: Options['expected']) => short(await told([actor], act, { expected }))
  expect(await graded([{ sender }])).toEqual(['P4 Upgraded'])
  expect(await graded([{ holder }])).toEqual(['P4 Upgraded'])
  expect(await graded([{ sender: other }, { sender, holder }])).toEqual(['P4 Upgraded'])
  expect(await graded([{ sender, holder: other }])).toEqual(['P1 Upgraded'])
  expect(await graded([{}])).toEqual(['P1 Upgraded'])
})

test('further events are taken from the configuration', async () => {
  const also = parseAbi(['event KeeperReplaced(address indexed before, address keeper)'])
  const act = () =>
    rehearsal.send('attacker', {
      to: actor,
      data: Rehearsal.emit(
        [toEventSelector('KeeperReplaced(address,address)'), pad(address('trader1'))],
        pad(address('attacker')),
      ),
    })
  const [finding] = await told([actor], act, { also })
  expect(finding).toMatchObject({ severity: 'P2', values: { event: 'KeeperReplaced', holder: address('attacker') } })
})

test('logs that do not fit become findings of their own, other contracts are none of our concern', async () => {
  const upgraded = toEventSelector('Upgraded(address)')
  const malformed = await told([actor], () =>
    rehearsal.send('attacker', {
      to: actor,
      data: Rehearsal.run(
        ...(
          [
            [[upgraded], '0x'],
            [[upgraded, pad('0x01'), pad('0x02')], '0x'],
            [[upgraded, pad('0x01')], '0xff'],
            [[], '0x'],
          ] as const
        ).map(([topics, data]) => [actor, Rehearsal.emit(topics, data)] as const),
        [actor, Rehearsal.emit([upgraded, pad('0x01')])],
      ),
    }),
  )
  expect(malformed.map(({ severity, values }) => `${severity} ${values.event ?? 'problem'}`)).toEqual([
    'P3 problem',
    'P3 problem',
    'P3 problem',
    'P1 Upgraded',
  ])
  expect(
    await told([world.contracts.vault.address], () =>
      rehearsal.send('attacker', { to: actor, data: Rehearsal.emit([upgraded, pad('0x01')]) }),
    ),
  ).toEqual([])
})
