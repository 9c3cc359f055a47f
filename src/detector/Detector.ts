/**
 * A detector: typed inputs over a window of blocks go in, findings come out. It is pure: the same blocks and the same
 * state give the same findings, so that any detector can be replayed, and rolled back when the chain reorganises.
 */
import type * as Json from '../base/Json.ts'
import type * as Block from '../chain/Block.ts'
import type * as Facts from '../chain/Facts.ts'
import type * as Finding from './Finding.ts'

/**
 * One kind of thing a detector can read. A new kind (a simulation, a lifted action, a metric) is a new file in
 * `inputs/`: it says what must be fetched and turns the fetched facts into a value.
 */
export type Input<value> = {
  readonly kind: string
  readonly demand: Facts.Demand
  /**
   * The value of this input in a block. What cannot be read (a log that does not fit its ABI) is told through `report`
   * and left out, so that the rest is still judged; an input without which nothing can be judged throws.
   */
  readonly resolve: (facts: Facts.Facts, report: Report) => value
}

/** Tells that something could not be evaluated; each call becomes a finding of its own. */
export type Report = (problem: {
  readonly key: string
  readonly message: string
  readonly values?: { readonly [name: string]: Json.Json }
}) => void

// biome-ignore lint/suspicious/noExplicitAny: the value types of a list of detectors differ from one to the next.
export type Inputs = Readonly<Record<string, Input<any>>>

export type Values<inputs extends Inputs> = {
  readonly [name in keyof inputs]: inputs[name] extends Input<infer value> ? value : never
}

/** One block as a detector sees it. */
export type Sight<inputs extends Inputs> = Block.Header & {
  readonly stage: Facts.Facts['stage']
  readonly transactions: readonly Block.Transaction[]
  readonly inputs: Values<inputs>
}

export type View<inputs extends Inputs, state> = {
  /** The block to judge. */
  readonly block: Sight<inputs>
  /** The last `window` blocks, oldest first; the block to judge is the last. Shorter at the start of the history. */
  readonly blocks: readonly Sight<inputs>[]
  /** What `evaluate` returned for the block before, or `initial`. */
  readonly state: state
}

export type Outcome<state> = { readonly state: state; readonly findings: readonly Finding.Draft[] }

export type Detector<inputs extends Inputs = Inputs, state = unknown> = {
  /** Unique within an installation; findings carry it. */
  readonly name: string
  /** Changes whenever the same block could get another verdict. */
  readonly version: string
  /** The chain it watches, as named in the configuration. */
  readonly chain: string
  /** The protected system, as named in the configuration; alerts of one system belong together. */
  readonly system: string
  readonly inputs: inputs
  /** Blocks of history given to `evaluate`, the current one included. 1 if left out. */
  readonly window?: number | undefined
  /** State before the first block. JSON with bigints; kept in the database with the cursor. */
  readonly initial: state
  /** What the outcome depends on beyond the code: thresholds, lists. Part of the rule-set version. */
  readonly parameters?: Json.Json | undefined
  /** Judges one block. Never changes its arguments; returns the same `state` object where nothing changed. */
  readonly evaluate: (view: View<inputs, state>) => Outcome<state>
}

/** A detector of any inputs and state, for lists. */
// biome-ignore lint/suspicious/noExplicitAny: `evaluate` takes its state, so no narrower type fits every detector.
export type Any = Detector<any, any>

/**
 * Declares a detector; its only work is to infer the types of `inputs` and `state`.
 * @example
 * defineDetector({
 *   name: 'whale', version: '1.0.0', chain: 'mainnet', system: 'vault',
 *   inputs: { transfers: logs({ address: weth, events: parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)']) }) },
 *   initial: null,
 *   evaluate: ({ block, state }) => ({ state, findings: block.inputs.transfers.filter(({ args }) => args.value > 10n ** 21n).map(toDraft) }),
 * })
 */
export function define<const inputs extends Inputs, state>(detector: Detector<inputs, state>): Detector<inputs, state> {
  return detector
}
