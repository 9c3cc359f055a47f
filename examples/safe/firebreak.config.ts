/** People decide: a Safe of two out of three pauses the vault when it can no longer pay everybody. */
import { brokenInvariant, defineConfig, largeOutflow, parseAbi, pause, safe, slack, strangerCall } from 'firebreak'

const at = { chain: 'local', system: 'vault' } as const
const vault = '0xa513E6E4b8f2a923D98304ec87F64353C4D5C853'
const treasury = '0xd5BeAFc8Ff927A32669efAdDD1aFFEB0b84FF3b0'
const asset = { address: '0x5FbDB2315678afecb367f032d93F642f64180aa3', symbol: 'WETH', decimals: 18 } as const
const abi = parseAbi([
  'function isSolvent() view returns (bool)',
  'function setGuardian(address newGuardian)',
  'function transferOwnership(address newOwner)',
])

export default defineConfig({
  organisation: 'Example Lending',
  chains: { local: { id: 'eip155:31337', rpc: [{ env: 'RPC_URL' }] } },
  systems: { vault: { chain: 'local', address: vault, label: 'Lending vault', assets: [asset] } },
  labels: { [treasury]: 'Treasury Safe' },
  detectors: [
    brokenInvariant({
      ...at,
      severity: 'P1',
      reads: { solvent: { address: vault, abi, functionName: 'isSolvent' } },
      holds: ({ solvent }) => solvent,
    }),
    largeOutflow({ ...at, contract: vault, asset }),
    strangerCall({
      ...at,
      contract: vault,
      functions: abi.filter(({ stateMutability }) => stateMutability === 'nonpayable'),
      allowed: [treasury],
    }),
  ],
  people: [
    { id: 'owner-1', name: 'Owner 1', roles: ['signer'], address: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' },
    { id: 'owner-2', name: 'Owner 2', roles: ['signer'], address: '0x90F79bf6EB2c4f870365E785982E1f101E93b906' },
    { id: 'owner-3', name: 'Owner 3', roles: ['signer'], address: '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65' },
  ],
  policy: { allow: [{ chain: 'local', target: vault, functions: ['pause()'] }], maxWeiPerTransaction: 10n ** 17n },
  playbooks: [
    {
      name: 'pause-by-safe',
      when: { system: 'vault', severity: 'P1' },
      attempts: [
        {
          name: 'safe',
          action: pause({ chain: 'local', contract: vault, label: 'Lending vault' }),
          by: safe({
            address: treasury,
            executor: { address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', env: 'EXECUTOR_KEY' },
          }),
          approval: { role: 'signer', people: 2, within: '1h' },
        },
      ],
    },
  ],
  channels: { team: slack({ url: { env: 'SLACK_WEBHOOK_URL' } }) },
})
