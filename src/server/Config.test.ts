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

const other = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const detector = (over: object = {}) => ({
  ...{ name: 'watch', version: '1', chain: 'main', system: 'vault', inputs: {}, initial: null },
  evaluate: () => ({ state: null, findings: [] }),
  ...over,
})
const attempt = { name: 'a', action: { chain: 'main', precondition: () => {} }, by: { carry: () => {} } }
const playbook = { name: 'p', when: { system: 'vault', severity: 'P1' }, attempts: [attempt] }
const policy = { allow: [], maxWeiPerTransaction: 1n }

test('names that do not fit together are told', () => {
  const person = (id: string, own: string) => ({ id, name: id, roles: ['signer'], address: own })
  const odd = {
    ...attempt,
    action: { ...attempt.action, chain: 'elsewhere' },
    approval: { role: 'signer', people: 4, within: '1h' },
  }
  expect(
    mistakes({
      ...good,
      systems: { vault: { chain: 'mian', address } },
      people: [person('anna', address), person('anna', other), person('bert', address)],
      playbooks: [{ ...playbook, when: { system: 'bank', severity: 'P1' }, attempts: [odd, odd] }, playbook],
    }),
  ).toMatchInlineSnapshot(`
    [
      "systems.vault.chain names the chain "mian", which is not in chains: write one of main",
      "playbooks has two of the name "p": give one of them another name",
      "people has two of the id "anna": give one of them another id",
      "people has two with the address 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266: a signature must say who signed",
      "policy is missing: playbooks may do nothing without one; list the contracts and functions they may call",
      "playbook "p", when.system names the system "bank", which is not in systems: write one of vault",
      "playbook "p" has two attempts of the name "a": give one of them another name",
      "playbook "p", attempt "a" names the chain "elsewhere", which is not in chains: write one of main",
      "playbook "p", attempt "a" asks for 4 of role "signer", but people has 3: add people with that role, or ask for fewer",
      "playbook "p", attempt "a" names the chain "elsewhere", which is not in chains: write one of main",
      "playbook "p", attempt "a" asks for 4 of role "signer", but people has 3: add people with that role, or ask for fewer",
    ]
  `)
})

test('a playbook that could never act as it is written is refused, with its place and what to write', () => {
  const odd = {
    name: 'p',
    when: { system: 'vault', severity: 'P3', confidence: 90, detectors: [], sure: 1 },
    attempts: [
      {
        ...attempt,
        by: {},
        confirmWithin: '2 minutes',
        approval: { role: 'signer', people: 0, within: 'soon', poeple: 1 },
      },
      { name: '', action: 'pause', by: attempt.by, aproval: {} },
    ],
  }
  expect(mistakes({ ...good, policy, playbooks: [odd, { ...playbook, attempts: [] }, {}] })).toMatchInlineSnapshot(`
    [
      "playbooks.0.when.severity is no severity that starts a playbook: write P1 or P2, because only those open incidents",
      "playbooks.0.when.confidence is no probability: write a number from 0 to 1",
      "playbooks.0.when.detectors is empty: name at least one detector, or leave it out to mean any",
      "playbooks.0.when.sure is not known: write one of system, severity, confidence, detectors, pending",
      "playbooks.0.attempts.0.by is no authority: make it with one of the functions of 'firebreak'",
      "playbooks.0.attempts.0.approval.people is too few: write 1 or more",
      "playbooks.0.attempts.0.approval.within is not a duration: write for example 90s, 15m or 2h",
      "playbooks.0.attempts.0.approval.poeple is not known: did you mean people?",
      "playbooks.0.attempts.0.confirmWithin is not a duration: write for example 90s, 15m or 2h",
      "playbooks.0.attempts.1.name is empty: write a name",
      "playbooks.0.attempts.1.action is no action: make it with one of the functions of 'firebreak'",
      "playbooks.0.attempts.1.aproval is not known: did you mean approval?",
      "playbooks.1.attempts needs at least one attempt",
      "playbooks.2 is no playbook: make it with one of the functions of 'firebreak'",
    ]
  `)
})

test('the detectors that a playbook listens to are there and watch its system', () => {
  const asked = { ...playbook, when: { ...playbook.when, detectors: ['watch', 'wacht', 'elsewhere'] } }
  const systems = { ...good.systems, bank: { chain: 'main', address } }
  const detectors = [detector(), detector({ name: 'elsewhere', system: 'bank' })]
  expect(mistakes({ ...good, policy, systems, detectors, playbooks: [asked] })).toEqual([
    'playbook "p", when.detectors names "wacht", which is no detector of the system "vault": write one of watch',
    'playbook "p", when.detectors names "elsewhere", which is no detector of the system "vault": write one of watch',
  ])
  const right = { ...playbook, when: { ...playbook.when, severity: 'P2', confidence: 0, detectors: ['watch'] } }
  expect(mistakes({ ...good, policy, detectors: [detector()], playbooks: [right] })).toEqual([])
})

test('a detector is looked into, and handed on as it is', () => {
  const bad = [
    detector({ name: '', version: 1, evaluate: 'yes' }),
    { ...detector({ system: undefined }), chain: undefined },
    { name: 'none' },
  ]
  expect(mistakes({ ...good, detectors: bad })).toMatchInlineSnapshot(`
    [
      "detectors.0.name is empty: write a name",
      "detectors.0.version is a number: write a string",
      "detectors.0.evaluate is no function: write one that takes a view and returns { state, findings }",
      "detectors.1.chain is missing: write a string",
      "detectors.1.system is missing: write a string",
      "detectors.2 is no detector: make it with one of the functions of 'firebreak'",
    ]
  `)
  const own = detector()
  expect(Config.check({ ...good, detectors: [own] }).detectors[0]).toBe(own)
})

test('two chains of one id are refused unless their genesis tells them apart', () => {
  const one = { id: 'eip155:1', rpc: ['https://example.org'] }
  const hash = (digit: string) => `0x${digit.repeat(64)}`
  const check = (a: object, b: object) =>
    mistakes({ ...good, chains: { main: { ...one, ...a }, twin: { ...one, ...b } } })
  const told = [
    'chains.twin has the id of chains.main, eip155:1, so that both would share one cursor: keep one of them, or give each the genesisHash that is its own',
  ]
  expect(check({}, {})).toEqual(told)
  expect(check({ genesisHash: hash('a') }, {})).toEqual(told)
  expect(check({ genesisHash: hash('a') }, { genesisHash: hash('A') })).toEqual(told)
  expect(check({ genesisHash: hash('a') }, { genesisHash: hash('b') })).toEqual([])
  expect(check({}, { id: 'eip155:2' })).toEqual([])
})
