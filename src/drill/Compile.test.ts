import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Compile from './Compile.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-compile-'))
  mkdirSync(join(folder, 'contracts'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const options = () => ({ directory: join(folder, 'contracts'), cache: join(folder, 'cache') })
const write = (body: string) =>
  writeFileSync(
    join(folder, 'contracts', 'Lamp.sol'),
    `// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.24;\ncontract Lamp { ${body} }\n`,
  )

test('a source compiles once and is remembered until it changes', async () => {
  write('bool public lit;')
  const first = await Compile.contracts(options())
  expect(first.Lamp?.abi).toMatchObject([{ type: 'function', name: 'lit', stateMutability: 'view' }])
  const started = performance.now()
  expect(await Compile.contracts(options())).toEqual(first)
  expect(performance.now() - started).toBeLessThan(100)

  write('uint256 public oil;')
  const second = await Compile.contracts(options())
  expect(second.Lamp?.abi).toMatchObject([{ name: 'oil' }])
  expect(readdirSync(join(folder, 'cache'))).toHaveLength(2)
})

test('a result that was cut off is made again', async () => {
  write('bool public lit;')
  const first = await Compile.contracts(options())
  const [file] = readdirSync(join(folder, 'cache'))
  writeFileSync(join(folder, 'cache', file!), '{"Lamp":')
  expect(await Compile.contracts(options())).toEqual(first)
})

test('a source that does not compile is an error with the compiler’s words', async () => {
  write('uint256 public oil = "none";')
  await expect(Compile.contracts(options())).rejects.toThrow(/does not compile[\s\S]*not implicitly convertible/)
})

test('our own contracts fit the limit on deployed code', async () => {
  const artifacts = await Compile.contracts()
  const sizes = Object.values(artifacts).map(({ bytecode }) => bytecode.length / 2)
  expect(Object.keys(artifacts)).toEqual(
    expect.arrayContaining(['Arbitrageur', 'AttackerDrain', 'DrillToken', 'LendingVault']),
  )
  expect(Math.max(...sizes)).toBeLessThan(24_576)
})
