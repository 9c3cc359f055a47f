/** What endpoints send, checked field by field: nothing from outside passes into the program unread. */
import type { Address, Hash, Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Block from './Block.ts'

/** A header with what is needed to check the logs that belong to it. */
export type Header = Block.Header & { readonly logsBloom: Hex; readonly baseFeePerGas: bigint | undefined }
export type Log = Block.Log & { readonly blockHash: Hash }

type Fields = { readonly [name: string]: unknown }

/** The header of `eth_getBlockBy…` or of a `newHeads` event. Throws a `MalformedAnswerError`, as everything here does. */
export function header(raw: unknown): Header {
  const fields = object(raw, 'block')
  const seconds = quantity(fields.timestamp, 'timestamp')
  if (seconds > 8_640_000_000_000n) throw new MalformedAnswerError('timestamp', fields.timestamp)
  return {
    number: quantity(fields.number, 'number'),
    hash: hash(fields.hash, 'hash'),
    parentHash: hash(fields.parentHash, 'parentHash'),
    timestamp: new Date(Number(seconds) * 1_000),
    logsBloom: bytes(fields.logsBloom, 'logsBloom'),
    baseFeePerGas:
      fields.baseFeePerGas === undefined || fields.baseFeePerGas === null
        ? undefined
        : quantity(fields.baseFeePerGas, 'baseFeePerGas'),
  }
}

/** The full transactions of a block, which must stand in order. */
export function transactions(raw: unknown): readonly Block.Transaction[] {
  return list(object(raw, 'block').transactions, 'transactions').map((item, position) => {
    const transaction = included(item)
    if (transaction.index !== position) throw new MalformedAnswerError('transactionIndex', transaction.index)
    return transaction
  })
}

/** A transaction that waits; its `index` is -1, because it has no place yet. */
export function pending(raw: unknown): Block.Transaction {
  const fields = object(raw, 'transaction')
  return {
    hash: hash(fields.hash, 'hash'),
    index: -1,
    from: address(fields.from, 'from'),
    to: fields.to === null || fields.to === undefined ? null : address(fields.to, 'to'),
    input: bytes(fields.input ?? fields.data, 'input'),
    value: quantity(fields.value, 'value'),
    nonce: Number(quantity(fields.nonce, 'nonce')),
  }
}

/** The answer of `eth_getLogs`, in order of `logIndex`. */
export function logs(raw: unknown): readonly Log[] {
  const read = list(raw, 'logs').map(log)
  for (let position = 1; position < read.length; position++) {
    const [before, after] = [read[position - 1]!, read[position]!]
    if (after.logIndex <= before.logIndex) throw new MalformedAnswerError('logIndex', after.logIndex)
  }
  return read
}

/** Lower case; a list of at most `most` entries, each checked by whoever reads it. */
export function list(value: unknown, what: string, most = 1_000_000): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new MalformedAnswerError(what, value)
  return value
}

export function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedAnswerError(what, value)
  return value as Fields
}

/** A hexadecimal integer of at most 256 bits. */
export function quantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) throw new MalformedAnswerError(what, value)
  return BigInt(value)
}

export function hash(value: unknown, what: string): Hash {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/i.test(value)) throw new MalformedAnswerError(what, value)
  return value.toLowerCase() as Hash
}

export function address(value: unknown, what: string): Address {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{40}$/i.test(value)) throw new MalformedAnswerError(what, value)
  return value.toLowerCase() as Address
}

export function bytes(value: unknown, what: string): Hex {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^0x[0-9a-f]*$/i.test(value))
    throw new MalformedAnswerError(what, value)
  return value.toLowerCase() as Hex
}

function included(raw: unknown): Block.Transaction {
  return { ...pending(raw), index: Number(quantity(object(raw, 'transaction').transactionIndex, 'transactionIndex')) }
}

function log(raw: unknown): Log {
  const fields = object(raw, 'log')
  return {
    address: address(fields.address, 'address'),
    topics: list(fields.topics, 'topics', 4).map((topic) => hash(topic, 'topic')),
    data: bytes(fields.data, 'data'),
    logIndex: Number(quantity(fields.logIndex, 'logIndex')),
    transactionHash: hash(fields.transactionHash, 'transactionHash'),
    transactionIndex: Number(quantity(fields.transactionIndex, 'transactionIndex')),
    blockHash: hash(fields.blockHash, 'blockHash'),
  }
}

/** An endpoint sent something of another shape than the interface promises. */
export class MalformedAnswerError extends Errors.BaseError {
  override readonly name = 'Raw.MalformedAnswerError'
  constructor(field: string, got: unknown) {
    const shown = typeof got === 'bigint' ? got.toString() : (JSON.stringify(got) ?? 'nothing').slice(0, 120)
    super(`An endpoint sent a malformed \`${field}\`.`, { remedy: 'retry', facts: { got: shown } })
  }
}
