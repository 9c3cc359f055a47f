/** The bloom filter of a block's logs, recomputed to see whether an endpoint left logs out or made some up. */
import { type Hex, hexToBytes, keccak256 } from 'viem'
import type * as Block from './Block.ts'

/** Three positions of 11 bits each, packed into one number. */
type Positions = number

/** Positions of addresses and topics seen lately, in two generations; the older one is dropped when the younger is full. */
const generation = 50_000
let young = new Map<Hex, Positions>()
let old = new Map<Hex, Positions>()

/**
 * The 2048-bit filter over the addresses and topics of logs, as a block header carries it (Yellow Paper, section 4.3.1).
 * Two sets of logs with equal filters can differ in `data`, which no filter covers.
 */
export function of(logs: readonly Block.Log[]): Hex {
  const filter = Buffer.alloc(256)
  const add = (value: Hex) => {
    const positions = positionsOf(value)
    set(filter, positions % 2048)
    set(filter, Math.floor(positions / 2048) % 2048)
    set(filter, Math.floor(positions / 4_194_304))
  }
  for (const log of logs) {
    add(log.address)
    for (const topic of log.topics) add(topic)
  }
  return `0x${filter.toString('hex')}`
}

function set(filter: Buffer, position: number): void {
  filter[255 - (position >> 3)]! |= 1 << (position & 7)
}

function positionsOf(value: Hex): Positions {
  const known = young.get(value) ?? old.get(value)
  if (known !== undefined) return known
  const digest = keccak256(hexToBytes(value), 'bytes')
  const at = (offset: number) => ((digest[offset]! << 8) | digest[offset + 1]!) & 2047
  const positions = at(0) + at(2) * 2048 + at(4) * 4_194_304
  if (young.size >= generation) {
    old = young
    young = new Map()
  }
  young.set(value, positions)
  return positions
}
