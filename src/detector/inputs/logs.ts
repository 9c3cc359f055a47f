import {
  type Abi,
  type AbiEvent,
  type Address,
  type ContractEventName,
  type DecodeEventLogReturnType,
  decodeEventLog,
  toEventSelector,
} from 'viem'
import * as Errors from '../../base/Errors.ts'
import type * as Block from '../../chain/Block.ts'
import type { Input } from '../Detector.ts'

export type DecodedLog<abi extends Abi> = DecodeEventLogReturnType<
  abi,
  ContractEventName<abi>,
  `0x${string}`[],
  `0x${string}`,
  true
> &
  Pick<Block.Log, 'address' | 'logIndex' | 'transactionHash' | 'transactionIndex'>

/**
 * The logs of a block that are of one of the events of `events`, from `address` or from anyone, decoded.
 *
 * A log of such an event that does not fit is reported and left out: from a named address it means that the ABI is
 * wrong. Without an address other contracts may use the same signature with other indexed fields (ERC-20 and ERC-721
 * `Transfer`), so there it is passed over in silence. Where `events` holds one signature with different indexed fields
 * (Safe 1.3.0 and 1.4.1), the number of topics chooses.
 */
export function logs<const abi extends Abi>(options: {
  readonly address?: Address | readonly Address[] | undefined
  readonly events: abi
}): Input<readonly DecodedLog<abi>[]> {
  const addresses =
    options.address === undefined
      ? undefined
      : new Set([options.address].flat().map((address) => address.toLowerCase()))
  const events = Map.groupBy(
    (options.events as Abi).filter((item): item is AbiEvent => item.type === 'event'),
    (event) => toEventSelector(event),
  )
  return {
    kind: 'logs',
    demand: {},
    resolve: ({ block }, report) => {
      const decoded: DecodedLog<abi>[] = []
      for (const log of block.logs) {
        const selector = log.topics[0]
        if (selector === undefined || (addresses && !addresses.has(log.address))) continue
        const candidates = events.get(selector)
        if (!candidates) continue
        const event = candidates.find((candidate) => fits(candidate, log))
        try {
          if (!event) throw new LayoutError(log)
          const { eventName, args } = decodeEventLog({
            abi: [event],
            topics: log.topics as [`0x${string}`],
            data: log.data,
            strict: true,
          })
          const { address, logIndex, transactionHash, transactionIndex } = log
          decoded.push({
            eventName,
            args,
            address,
            logIndex,
            transactionHash,
            transactionIndex,
          } as unknown as DecodedLog<abi>)
        } catch (cause) {
          if (!addresses) continue
          report({
            key: `log:${log.logIndex}`,
            message: `A ${candidates[0]?.name} log of ${log.address} does not fit the ABI given for it: ${Errors.messageOf(cause)}`,
            values: {
              address: log.address,
              logIndex: log.logIndex,
              transactionHash: log.transactionHash,
              topics: log.topics,
              data: log.data.slice(0, 2_050),
            },
          })
        }
      }
      return decoded
    },
  }
}

/** viem passes over topics and words too many, which would hide that the contract speaks another ABI. */
function fits({ inputs }: AbiEvent, { topics, data }: Block.Log): boolean {
  const plain = inputs.filter(({ indexed }) => !indexed)
  if (inputs.length - plain.length !== topics.length - 1) return false
  const fixed = plain.every(({ type }) => /^(address|bool|u?int\d+|bytes\d+)$/.test(type))
  return !fixed || data.length === 2 + 64 * plain.length
}

export class LayoutError extends Errors.BaseError {
  override readonly name = 'logs.LayoutError'
  constructor({ topics, data }: Block.Log) {
    super(`it has ${topics.length} topics and ${(data.length - 2) / 2} bytes of data.`, {
      remedy: 'config',
      advice: 'Check the ABI and the address in the configuration.',
    })
  }
}
