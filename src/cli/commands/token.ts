import { mkdirSync } from 'node:fs'
import * as Token from '../../server/Token.ts'
import * as Output from '../Output.ts'

/** Prints the token of a data directory; mints it where there is none yet. */
export async function token({ data, json }: { readonly data: string; readonly json: boolean }): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const value = Token.ensure(data)
  if (json) Output.json({ token: value })
  else Output.line(value)
}
