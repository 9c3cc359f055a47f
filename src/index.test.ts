import { expect, expectTypeOf, test } from 'vitest'
import * as Firebreak from './index.ts'

test('what a configuration may import: a change here is a change for everybody who has one', () => {
  expect(Object.keys(Firebreak).sort()).toMatchInlineSnapshot(`
    [
      "brokenInvariant",
      "calls",
      "defineConfig",
      "defineDetector",
      "definePlaybook",
      "group",
      "guardian",
      "largeOutflow",
      "logs",
      "parseAbi",
      "pause",
      "pending",
      "priceManipulation",
      "privilegedChange",
      "read",
      "safe",
      "slack",
      "strangerCall",
      "unexpectedMint",
      "webhook",
    ]
  `)
})

test('an action, an authority and a channel of one’s own fit where ours do', () => {
  const address = '0x0000000000000000000000000000000000000001'
  const abi = Firebreak.parseAbi(['function freeze()', 'function frozen() view returns (bool)'])
  const freeze: Firebreak.Action = {
    sentence: 'Freeze the bridge',
    chain: 'local',
    target: address,
    function: abi[0],
    args: [],
    value: 0n,
    precondition: async (chain) => ({
      ok: (await chain.request('eth_getCode', [address, 'latest'])) !== '0x',
      summary: 'The bridge holds code.',
    }),
    effect: { function: abi[1], args: [], expected: true },
  }
  const key = Firebreak.guardian({ address, env: 'KEY' })
  const relayed: Firebreak.Authority = { ...key, label: 'by relay', carry: (call) => key.carry(call, []) }
  const pager: Firebreak.Channel = {
    kind: 'pager',
    deliver: async ({ announcement, idempotencyKey }) => {
      expectTypeOf(announcement).toEqualTypeOf<Firebreak.Announcement>()
      expectTypeOf(idempotencyKey).toBeString()
    },
  }
  const config = Firebreak.defineConfig({
    organisation: 'Example',
    chains: { local: { id: 'eip155:31337', rpc: ['http://127.0.0.1:8545'] } },
    systems: { bridge: { chain: 'local', address } },
    detectors: [],
    policy: { allow: [{ chain: 'local', target: address, functions: ['freeze()'] }], maxWeiPerTransaction: 1n },
    playbooks: [
      {
        name: 'freeze',
        when: { system: 'bridge', severity: 'P1' },
        attempts: [{ name: 'relay', action: freeze, by: relayed }],
      },
    ],
    channels: { pager },
  })
  expect(config.playbooks?.[0]?.attempts[0].action).toBe(freeze)
})
