import type {
  Abi,
  AbiFunction,
  Address,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
} from 'viem'
import * as Errors from '../../base/Errors.ts'
import * as Facts from '../../chain/Facts.ts'
import type { Input } from '../Detector.ts'

/**
 * The answer of a view function at the end of each block. Throws where the call reverts, so that a view that stops
 * answering is seen; give `optional: true` to get `undefined` instead.
 */
export function read<
  const abi extends Abi,
  name extends ContractFunctionName<abi, 'view' | 'pure'>,
  const args extends ContractFunctionArgs<abi, 'view' | 'pure', name>,
  const optional extends boolean = false,
>(options: {
  readonly address: Address
  readonly abi: abi
  readonly functionName: name
  readonly args?: args
  readonly optional?: optional
}): Input<ContractFunctionReturnType<abi, 'view' | 'pure', name, args> | (optional extends true ? undefined : never)> {
  const args = (options.args ?? []) as readonly unknown[]
  const item = (options.abi as Abi).find(
    (candidate): candidate is AbiFunction =>
      candidate.type === 'function' &&
      candidate.name === options.functionName &&
      candidate.inputs.length === args.length,
  )
  if (!item) throw new UnknownViewError(options.functionName, options.address)
  const request: Facts.Read = { address: options.address, function: item, args }
  const key = Facts.readKey(request)
  return {
    kind: 'read',
    demand: { reads: [request] },
    resolve: ({ reads }) => {
      const answer = reads.get(key)
      if (answer && 'value' in answer) return answer.value as never
      if (options.optional) return undefined as never
      throw new ReadFailedError(options.functionName, options.address, answer?.error ?? 'it was not asked')
    },
  }
}

export class UnknownViewError extends Errors.BaseError {
  override readonly name = 'read.UnknownViewError'
  constructor(functionName: string, address: Address) {
    super(`The ABI given for ${address} has no function \`${functionName}\` with that many arguments.`, {
      remedy: 'config',
    })
  }
}

export class ReadFailedError extends Errors.BaseError {
  override readonly name = 'read.ReadFailedError'
  constructor(functionName: string, address: Address, reason: string) {
    super(`The view \`${functionName}\` of ${address} gave no answer.`, {
      remedy: 'config',
      facts: { reason },
      advice: 'Check the address and the ABI, or give `optional: true`.',
    })
  }
}
