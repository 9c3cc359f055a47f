import type { Hex, TypedDataDefinition } from 'viem'
import * as Key from './Key.ts'

/** Signs an EIP-712 document with a person's own key, for those who approve from a terminal. */
export async function signDocument(reference: Key.Reference, document: TypedDataDefinition): Promise<Hex> {
  return (await Key.load(reference)).signTypedData(document)
}
