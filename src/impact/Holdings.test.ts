import { getAddress } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import * as Caip from '../chain/Caip.ts'
import * as Holdings from './Holdings.ts'

let home: Awaited<ReturnType<typeof Data.open>>
beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())
beforeEach(async () => void (await home.database.deleteFrom('holding').execute()))

const account = Caip.account(Data.chain, getAddress(`0x${'a'.repeat(40)}`))
/** A block a second. */
const minedAt = (block: number) => new Date(block * 1_000)
/** What was held of an asset in these blocks. */
async function hold(symbol: string, points: readonly (readonly [block: number, units: bigint])[], system = 'vault') {
  const asset = Caip.account(Data.chain, getAddress(`0x${Buffer.from(symbol).toString('hex').padStart(40, '0')}`))
  const rows = points.map(([block, units]) => ({
    ...{ chain: Data.chain, block_hash: `0x${block}`, block_number: BigInt(block), mined_at: minedAt(block), units },
    ...{ system, account, asset, symbol, decimals: 2 },
  }))
  for (let at = 0; at < rows.length; at += 2_000)
    await home.database
      .insertInto('holding')
      .values(rows.slice(at, at + 2_000))
      .execute()
}
const span = (began: bigint | null, resolvedBlock?: number): Holdings.Span => ({
  ...{ chain: Data.chain, system: 'vault', began_block: began },
  resolved_at: resolvedBlock === undefined ? null : minedAt(resolvedBlock),
})
const losses = (...given: Parameters<typeof span>) => Holdings.losses(home.database, span(...given))
const blocks = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('what went is what was held before the attack less what is held now, the largest share first', async () => {
  await hold('BIG', [
    [8, 1_000n],
    [10, 900n],
    [12, 800n],
  ])
  await hold('SMALL', [
    [9, 10n],
    [11, 1n],
  ])
  await hold('MORE', [
    [9, 10n],
    [11, 11n],
  ])
  await hold(
    'ELSE',
    [
      [9, 10n],
      [11, 1n],
    ],
    'bank',
  )
  expect(await losses(10n)).toEqual([
    { units: 9n, symbol: 'SMALL', decimals: 2 },
    { units: 200n, symbol: 'BIG', decimals: 2 },
  ])
  expect(await losses(null)).toEqual([])
})

test('the figure stays what it is, however many blocks and assets come after', async () => {
  for (const symbol of ['A', 'B', 'C']) {
    await hold(symbol, [
      [9, 100n],
      [10, 40n],
    ])
    await hold(
      symbol,
      blocks(11, 3_000).map((block) => [block, 40n] as const),
    )
  }
  expect(await losses(10n)).toEqual(['A', 'B', 'C'].map((symbol) => ({ units: 60n, symbol, decimals: 2 })))
})

test('an asset that was first seen after the attack began has no loss to tell', async () => {
  await hold('LATE', [
    [11, 100n],
    [12, 40n],
  ])
  expect(await losses(10n)).toEqual([])
})

test('what leaves after the incident was resolved is no part of it', async () => {
  await hold('A', [
    [9, 100n],
    [10, 40n],
    [20, 40n],
    [21, 0n],
  ])
  expect(await losses(10n, 20)).toEqual([{ units: 60n, symbol: 'A', decimals: 2 }])
  expect(await losses(10n)).toEqual([{ units: 100n, symbol: 'A', decimals: 2 }])
  const [series] = await Holdings.around(home.database, span(10n, 20))
  expect(series?.points.at(-1)?.block).toBe(20n)
})

test('each series has its first and its last point and is thinned in between, whatever others there are', async () => {
  await hold(
    'LONG',
    blocks(1, 5_000).map((block) => [block, BigInt(block)] as const),
  )
  await hold('SHORT', [
    [990, 1n],
    [5_000, 2n],
  ])
  const [short, long] = (await Holdings.around(home.database, span(1_000n))).toSorted(
    (a, b) => a.points.length - b.points.length,
  )
  expect(short?.points.map(({ block }) => block)).toEqual([990n, 5_000n])
  const points = long?.points ?? []
  expect(points.length).toBeGreaterThan(500)
  expect(points.length).toBeLessThanOrEqual(1_001)
  expect([points[0]?.block, points.at(-1)?.block]).toEqual([940n, 5_000n])
  expect(points.map(({ block }) => block)).toEqual(points.map(({ block }) => block).toSorted((a, b) => Number(a - b)))
})
