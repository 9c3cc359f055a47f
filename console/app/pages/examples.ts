/** The lines of configuration that fill an empty place. Each is cut from a configuration that works: examples/. */
export const examples = {
  chains: `chains: {
  mainnet: { id: 'eip155:1', rpc: ['wss://…', 'https://…'] },
},`,
  assets: `systems: {
  vault: {
    chain: 'mainnet',
    address: '0x…',
    assets: [{ address: '0x…', symbol: 'WETH', decimals: 18 }],
  },
},`,
  detectors: `detectors: [
  largeOutflow({ chain: 'mainnet', system: 'vault', contract, asset }),
],`,
  channels: `channels: {
  team: slack({ url: { env: 'SLACK_WEBHOOK_URL' } }),
},`,
  people: `people: [
  { id: 'ada', name: 'Ada', roles: ['guardian'], address: '0x…' },
],`,
  playbooks: `playbooks: [{
  name: 'pause',
  when: { system: 'vault', severity: 'P1' },
  attempts: [{ name: 'guardian', action: pause({ … }), by: guardian({ … }) }],
}],`,
  approval: `attempts: [{
  name: 'safe',
  action: pause({ … }),
  by: safe({ … }),
  approval: { role: 'guardian', people: 2, within: '1h' },
}],`,
}
