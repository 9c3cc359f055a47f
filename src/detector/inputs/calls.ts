import {
  type Abi,
  type AbiFunction,
  type Address,
  type ContractFunctionName,
  type DecodeFunctionDataReturnType,
  decodeFunctionData,
  toFunctionSelector,
} from 'viem'
import * as Errors from '../../base/Errors.ts'
import type * as Block from '../../chain/Block.ts'
import type { Input } from '../Detector.ts'

export type DecodedCall<abi extends Abi> = DecodeFunctionDataReturnType<abi, ContractFunctionName<abi>> &
  Pick<Block.Call, 'transactionHash' | 'path' | 'kind' | 'input' | 'value' | 'succeeded'> & {
    readonly from: Address
    readonly to: Address
    /** `msg.sender` as the callee sees it: a delegatecall hands on the caller of the frame around it. */
    readonly caller: Address
  }

/**
 * The calls to `address`, top-level and internal, of one of the functions of `functions`, decoded; undone calls too
 * (`succeeded` is false). Needs traces, so the endpoint must offer `trace_block` or `debug_traceTransaction`.
 * In the pending stage a transaction's own call is all that is known.
 */
export function calls<const abi extends Abi>(options: {
  readonly address: Address | readonly Address[]
  readonly functions: abi
}): Input<readonly DecodedCall<abi>[]> {
  const addresses = new Set([options.address].flat().map((address) => address.toLowerCase()))
  const functions = new Map(
    (options.functions as Abi)
      .filter((item): item is AbiFunction => item.type === 'function')
      .map((item) => [toFunctionSelector(item), item]),
  )
  return {
    kind: 'calls',
    demand: { calls: true, pending: true },
    resolve: (facts, report) => {
      if (facts.stage === 'included' && facts.calls === undefined) throw new MissingTraceError(facts.block.number)
      const decoded: DecodedCall<abi>[] = []
      const all = facts.stage === 'pending' ? (facts.pending ?? []).map(outermost) : (facts.calls ?? [])
      const frames = new Map<string, Block.Call>()
      for (const call of all) {
        frames.set(frameKey(call.transactionHash, call.path), call)
        if (call.to === null || !addresses.has(call.to)) continue
        const item = functions.get(call.input.slice(0, 10) as `0x${string}`)
        if (!item) continue
        const { transactionHash, path, kind, input, from, to, value, succeeded } = call
        try {
          const { functionName, args } = decodeFunctionData({ abi: [item], data: input })
          const caller = callerOf(call, frames)
          decoded.push({
            functionName,
            args,
            transactionHash,
            path,
            kind,
            input,
            from,
            to,
            caller,
            value,
            succeeded,
          } as unknown as DecodedCall<abi>)
        } catch (cause) {
          // The callee reads such calldata as it likes, so a call that succeeded is worth a person's look.
          if (!succeeded) continue
          report({
            key: `call:${transactionHash}:${path.join('.')}`,
            message: `A call of ${item.name} on ${to} carries calldata that does not fit the ABI: ${Errors.messageOf(cause)}`,
            values: { to, from, transactionHash, input: input.slice(0, 2_050) },
          })
        }
      }
      return decoded
    },
  }
}

function outermost(transaction: Block.Transaction): Block.Call {
  const { hash, from, to, input, value } = transaction
  return {
    transactionHash: hash,
    path: [],
    kind: to === null ? 'create' : 'call',
    from,
    to,
    input,
    output: '0x',
    value,
    succeeded: true,
  }
}

/** A frame precedes those inside it, so the frames around `call` are known by the time it is looked at. */
function callerOf(call: Block.Call, frames: ReadonlyMap<string, Block.Call>): Address {
  let frame = call
  while (frame.kind === 'delegatecall') {
    const around = frames.get(frameKey(frame.transactionHash, frame.path.slice(0, -1)))
    if (!around || around === frame) break
    frame = around
  }
  return frame.from
}

function frameKey(transactionHash: string, path: readonly number[]): string {
  return `${transactionHash}:${path.join('.')}`
}

export class MissingTraceError extends Errors.BaseError {
  override readonly name = 'calls.MissingTraceError'
  constructor(blockNumber: bigint) {
    super('The calls of this block are not known.', {
      remedy: 'config',
      facts: { block: blockNumber },
      advice:
        'Add an endpoint that offers trace_block or debug_traceTransaction, or remove the detectors that read calls.',
    })
  }
}
