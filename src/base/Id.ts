/** Identifiers and digests. The same content has the same identifier, so that doing a thing twice does it once. */
import { createHash, randomUUID } from 'node:crypto'
import canonicalize from 'canonicalize'
import * as Json from './Json.ts'

/** Text that is the same for equal values whatever the order of their keys (RFC 8785; bigints as decimal strings). */
export function canonical(value: unknown): string {
  return canonicalize(Json.plain(value)) ?? 'null'
}

/** SHA-256 of bytes or UTF-8 text, in lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A prefixed identifier that is a function of its content, for example `finding_3f…` (128 bits). */
export function of(prefix: string, ...content: readonly unknown[]): string {
  return `${prefix}_${sha256(canonical(content)).slice(0, 32)}`
}

/** A random identifier, for what happens once and has no content of its own. */
export function random(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`
}
