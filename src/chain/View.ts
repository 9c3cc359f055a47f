/** View functions asked at the end of a block. */
import { decodeFunctionResult, encodeFunctionData, type Hash, type Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Abi from './Abi.ts'
import * as Facts from './Facts.ts'
import * as Raw from './Raw.ts'
import * as Wire from './Wire.ts'

/** A detector asks the same at each block, so what is sent is worked out once. */
const prepared = new WeakMap<Facts.Read, { readonly key: string; readonly data: Hex }>()

/** What to send for reads at the block of this hash: one `eth_call` each (EIP-1898). */
export function calls(blockHash: Hash, reads: readonly Facts.Read[]): readonly Wire.Call[] {
  return reads.map((read) => ['eth_call', [{ to: read.address, data: prepare(read).data }, { blockHash }]])
}

/**
 * The answers to `calls`, by `Facts.readKey`. A revert is an answer (`error`); where the endpoint gave none this throws,
 * so that silence never looks like a revert.
 */
export async function results(
  reads: readonly Facts.Read[],
  answers: readonly Promise<unknown>[],
): Promise<ReadonlyMap<string, Facts.ReadResult>> {
  return new Map(
    await Promise.all(
      reads.map(async (read, index) => [prepare(read).key, await result(read, answers[index]!)] as const),
    ),
  )
}

async function result(read: Facts.Read, answer: Promise<unknown>): Promise<Facts.ReadResult> {
  try {
    return decode(read, Raw.bytes(await answer, 'eth_call'))
  } catch (thrown) {
    if (!Wire.isExecutionFailure(thrown)) throw thrown
    return { error: Abi.reasonOf(thrown) }
  }
}

function decode(read: Facts.Read, data: Hex): Facts.ReadResult {
  if (data === '0x' && read.function.outputs.length > 0)
    return { error: 'no answer: there is no contract at the address, or it has no such function' }
  try {
    return { value: decodeFunctionResult({ abi: [read.function], functionName: read.function.name, data }) }
  } catch (thrown) {
    return { error: `the answer does not fit the ABI: ${Errors.messageOf(thrown)}` }
  }
}

function prepare(read: Facts.Read): { readonly key: string; readonly data: Hex } {
  const known = prepared.get(read)
  if (known) return known
  const made = {
    key: Facts.readKey(read),
    data: encodeFunctionData({ abi: [read.function], functionName: read.function.name, args: read.args as unknown[] }),
  }
  prepared.set(read, made)
  return made
}
