/** JSON that keeps exact integers: a bigint travels as `{"$int":"123"}`, a date as its ISO string with zone. */

export type Json =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** Serialises a value; bigints keep every digit. */
export function stringify(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, inner) =>
      typeof inner === 'bigint' ? { $int: inner.toString() } : typeof inner === 'string' ? clean(inner) : inner,
    indent,
  )
}

/** Reads what `stringify` wrote. Throws a SyntaxError on text that is no JSON. */
export function parse(text: string): Json {
  return JSON.parse(text, (_, inner) => revive(inner))
}

/** A plain JSON tree (no bigint) of a value, for a `jsonb` column. */
export function encode(value: unknown): unknown {
  return JSON.parse(stringify(value))
}

/** The inverse of `encode`. */
export function decode(value: unknown): Json {
  return parse(JSON.stringify(value))
}

/** A JSON tree for readers outside: bigints become decimal strings. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, inner) =>
      typeof inner === 'bigint' ? inner.toString() : typeof inner === 'string' ? clean(inner) : inner,
    ),
  )
}

/**
 * Text that PostgreSQL can keep: no NUL and no lone surrogate. Token names, revert reasons and calldata come from
 * strangers and hold both.
 */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd')
}

function revive(inner: unknown): unknown {
  if (typeof inner !== 'object' || inner === null) return inner
  const text = (inner as { $int?: unknown }).$int
  return typeof text === 'string' && Object.keys(inner).length === 1 ? BigInt(text) : inner
}
