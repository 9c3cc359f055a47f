/** The token of the API: minted on the first start, kept in the data directory for its owner's eyes only. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The token of a data directory; mints one (256 bits) where there is none. */
export function ensure(dataDirectory: string): string {
  const path = join(dataDirectory, 'token')
  try {
    writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'EEXIST') throw thrown
  }
  return readFileSync(path, 'utf8').trim()
}
