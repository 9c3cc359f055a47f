/**
 * A chain to practise on: anvil on port 8545 with the drill's lending vault, its Safe and an attacker. The addresses are
 * the same each time, and they are those of the examples. Needs a clone: `npx node --conditions=source examples/practice.ts`.
 */
import { createInterface } from 'node:readline'
import * as Anvil from '../src/drill/Anvil.ts'
import * as Attack from '../src/drill/Attack.ts'
import * as Rpc from '../src/drill/Rpc.ts'
import * as World from '../src/drill/World.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)
const anvil = await Anvil.start({ chainId: 31_337, blockTime: 1, port: Number(process.argv[2] ?? 8545) })
const world = await World.deploy({ url: anvil.httpUrl })
const { vault, weth } = world.contracts
const { guardian, deployer, owner1, owner2, attacker } = world.accounts

say(`The vault ${vault.address} stands. In another terminal:

export RPC_URL=${anvil.httpUrl}
export GUARDIAN_KEY=${guardian.privateKey}
export EXECUTOR_KEY=${deployer.privateKey}
export OWNER_1_KEY=${owner1.privateKey}
export OWNER_2_KEY=${owner2.privateKey}

These keys are anvil's own and known to everybody. Type a word and Enter:
  drain   60 % of the vault's WETH leaves in one transaction
  attack  the drill's attack: seven rounds of a manipulated price
  quit`)

const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
  drain: async () => {
    const held = (await World.read(world, 'vault', 'cash')) as bigint
    const data = World.encode(world, 'weth', 'transfer', [attacker.address, (held * 60n) / 100n])
    const hash = await Rpc.all(anvil.httpUrl, [
      ['anvil_setBalance', [vault.address, '0xde0b6b3a7640000']],
      ['anvil_impersonateAccount', [vault.address]],
      ['eth_sendTransaction', [{ from: vault.address, to: weth.address, data }]],
    ])
    say(`drained in ${hash[2]}`)
  },
  attack: () => Attack.run({ world, onRound: ({ status, hash }) => say(`round ${hash}: ${status}`) }),
  quit: async () => process.exit(),
}
for await (const line of createInterface({ input: process.stdin }))
  await (deeds[line.trim()] ?? (async () => undefined))()
await anvil.stop()
