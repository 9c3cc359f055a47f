import { type Address, decodeFunctionResult, encodeFunctionData, getAbiItem, type Hex, parseAbi } from 'viem'
import type { Action } from '../../playbook/Action.ts'

const abi = parseAbi(['function pause()', 'function paused() view returns (bool)'])
const pauseFunction = getAbiItem({ abi, name: 'pause' })
const pausedFunction = getAbiItem({ abi, name: 'paused' })

/** Pauses a contract of the OpenZeppelin `Pausable` shape: `pause()` changes it, `paused()` shows it. */
export function pause(options: {
  readonly chain: string
  readonly contract: Address
  readonly label?: string | undefined
}): Action {
  return {
    sentence: `Pause ${options.label ?? options.contract}`,
    chain: options.chain,
    target: options.contract,
    function: pauseFunction,
    args: [],
    value: 0n,
    precondition: async (chain) => {
      const answer = (await chain.request('eth_call', [
        { to: options.contract, data: encodeFunctionData({ abi, functionName: 'paused' }) },
        'latest',
      ])) as Hex
      if (answer === '0x')
        return {
          ok: false,
          summary: `${options.contract} has no paused(): it is no Pausable contract, or not on this chain.`,
        }
      const paused = decodeFunctionResult({ abi, functionName: 'paused', data: answer })
      return paused
        ? {
            ok: true,
            inEffect: true,
            summary: `${options.label ?? options.contract} is paused already.`,
            detail: { paused },
          }
        : { ok: true, summary: `${options.label ?? options.contract} is not paused.`, detail: { paused } }
    },
    effect: { function: pausedFunction, args: [], expected: true },
  }
}
