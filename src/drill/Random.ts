/** Chance that can be repeated: the same seed, the same sequence. */

/** Draws a number in [0, 1). `Math.random` has this shape; drills pass a seeded one. */
export type Random = () => number

/**
 * A generator from an integer seed: a Weyl sequence through a 32-bit mixing function. Good enough for traffic, not for keys.
 *
 * @example
 * const random = Random.seeded(7)
 * random() === Random.seeded(7)() // true
 */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** An integer between `low` and `high`, both included. */
export function integer(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** One of the items, each as likely as the next. The list must not be empty. */
export function pick<item>(random: Random, items: readonly item[]): item {
  return items[integer(random, 0, items.length - 1)] as item
}

/** One of the keys, each as likely as its weight. */
export function weighted<key extends string>(random: Random, weights: Readonly<Record<key, number>>): key {
  const entries = Object.entries(weights) as [key, number][]
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [name, weight] of entries) {
    left -= weight
    if (left < 0) return name
  }
  return entries.at(-1)![0]
}
