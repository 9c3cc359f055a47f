import { defineConfig, guardian, largeOutflow, pause } from 'firebreak'

const [chain, system, contract] = ['local', 'vault', '0xa513E6E4b8f2a923D98304ec87F64353C4D5C853'] as const
const asset = { address: '0x5FbDB2315678afecb367f032d93F642f64180aa3', symbol: 'WETH', decimals: 18 } as const
const action = pause({ chain, contract, label: 'Lending vault' })
const by = guardian({ address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', env: 'GUARDIAN_KEY' })

export default defineConfig({
  organisation: 'Example Lending',
  chains: { local: { id: 'eip155:31337', rpc: [{ env: 'RPC_URL' }] } },
  systems: { vault: { chain, address: contract, label: 'Lending vault', assets: [asset] } },
  detectors: [largeOutflow({ chain, system, contract, asset })],
  policy: { allow: [{ chain, target: contract, functions: ['pause()'] }], maxWeiPerTransaction: 10n ** 17n },
  playbooks: [{ name: 'pause', when: { system, severity: 'P2' }, attempts: [{ name: 'guardian', action, by }] }],
})
