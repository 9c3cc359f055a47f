import { expect, test } from 'vitest'
import * as Config from './Config.ts'

const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const good = {
  organisation: 'Someone',
  chains: { main: { id: 'eip155:1', rpc: ['https://example.org'] } },
  systems: { vault: { chain: 'main', address } },
  detectors: [],
} satisfies Config.Input

/** The mistakes that are told of a configuration. */
function mistakes(input: object): readonly string[] {
  try {
    Config.check(input)
    return []
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'Config.InvalidConfigError', remedy: 'config' })
    return (thrown as Config.InvalidConfigError).mistakes
  }
}

test('a good configuration is taken, and addresses get their checksums', () => {
  const config = Config.check({
    ...good,
    systems: { vault: { chain: 'main', address: address.toLowerCase() } },
    labels: { [address.toLowerCase()]: 'Me' },
  })
  expect(config.systems.vault?.address).toBe(address)
  expect(config.labels).toEqual({ [address]: 'Me' })
})

test('every mistake is told at once, each with its place and what to write', () => {
  const bad = {
    ...good,
    organisation: undefined,
    chians: {},
    chains: { Main: { id: 'eip155:1', rpc: ['https://example.org'] }, other: { id: 'mainnet', rpc: [] } },
    systems: { vault: { chain: 'main', address: '0x12' } },
    labels: { nobody: 'Nobody' },
    server: { prt: 1 },
  }
  expect(mistakes(bad)).toMatchInlineSnapshot(`
    [
      "organisation is missing: write a string",
      "chains.Main is not a name: use lower-case letters, digits and dashes",
      "chains.other.id is not an EVM chain by CAIP-2: write for example eip155:1",
      "chains.other.rpc needs at least one endpoint",
      "systems.vault.address is not an address: write 0x and 40 hexadecimal digits",
      "labels.nobody is not an address: write 0x and 40 hexadecimal digits",
      "server.prt is not known: did you mean port?",
      "chians is not known: did you mean chains?",
    ]
  `)
})

test('a mistyped key is told the one that was meant, at whatever depth', () => {
  const system = { chain: 'main', address, assets: [{ address, symbol: 'X', decimal: 18 }] }
  expect(mistakes({ ...good, systems: { vault: system } })).toContain(
    'systems.vault.assets.0.decimal is not known: did you mean decimals?',
  )
  const policy = { allow: [{ chain: 'main', target: address, function: ['pause()'] }], maxWeiPerTransaction: 1n }
  expect(mistakes({ ...good, policy })).toContain('policy.allow.0.function is not known: did you mean functions?')
  expect(mistakes({ ...good, nonsense: 1 })[0]).toContain(
    'nonsense is not known: write one of organisation, chains, systems',
  )
})

test('a digit mistyped in an address is found by its checksum', () => {
  const wrong = address.replace('f39F', 'f39f')
  expect(mistakes({ ...good, systems: { vault: { chain: 'main', address: wrong } } })).toEqual([
    'systems.vault.address has a wrong checksum: a digit was mistyped, copy it again',
  ])
})

test('names that do not fit together are told', () => {
  const person = (id: string, own: string) => ({ id, name: id, roles: ['signer'], address: own })
  const other = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const attempt = {
    name: 'a',
    action: { chain: 'elsewhere' },
    by: {},
    approval: { role: 'signer', people: 3, within: '1h' },
  }
  const playbook = { name: 'p', when: { system: 'bank', severity: 'P1' }, attempts: [attempt, attempt] }
  const all = mistakes({
    ...good,
    systems: { vault: { chain: 'mian', address } },
    people: [person('anna', address), person('anna', other), person('bert', address)],
    playbooks: [playbook],
  })
  for (const part of [
    'chain "mian"',
    'two of the id "anna"',
    `two with the address ${address}`,
    'policy is missing',
    'system "bank"',
    'two attempts of the name "a"',
    'chain "elsewhere"',
    'asks for 3 of role "signer", but people has 3',
  ])
    expect(
      all.some((mistake) => mistake.includes(part)),
      part,
    ).toBe(part !== 'asks for 3 of role "signer", but people has 3')
})
