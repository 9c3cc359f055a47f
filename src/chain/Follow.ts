/** Walks a chain block by block, back where it turned and on from there. */
import * as Errors from '../base/Errors.ts'
import type * as Block from './Block.ts'
import type { Chain } from './Chain.ts'
import type * as Facts from './Facts.ts'
import * as Fetch from './Fetch.ts'
import type * as Source from './Source.ts'

export type Options = {
  /** The last block dealt with; `undefined` before the first. */
  readonly cursor: Block.Header | undefined
  /** Where to begin without a cursor. */
  readonly start: bigint | 'latest'
  /** The header we stored under a number, on the branch of the cursor. */
  readonly known: (number: bigint) => Promise<Block.Header | undefined>
  readonly demand: Facts.Demand
}

export type Step =
  /** The block after the cursor. */
  | { readonly kind: 'block'; readonly facts: Facts.Facts }
  /** The cursor's block is no longer of the chain: undo it, and go on from its parent. */
  | { readonly kind: 'retract'; readonly header: Block.Header; readonly parent: Block.Header }
  /** Nothing new; ask again at the next head. */
  | { readonly kind: 'wait' }

/**
 * The next step from the cursor. Persists nothing: the caller stores what it is given and calls again with the cursor
 * moved, to `facts.block` or to `parent`. Sends what `Fetch.facts` sends, and one or two `eth_getBlockByNumber` where
 * there is no next block yet.
 *
 * A block is retracted only where an endpoint has another one in its place, and never while a preferred endpoint that is
 * not behind still has ours; an endpoint that is merely behind is passed over. Throws an `UnknownAncestorError` where the
 * chain turned further back than what is known, and what `Fetch.facts` throws where no endpoint answers properly.
 *
 * @example
 * for (let step = await Follow.next(chain, at(cursor)); step.kind !== 'wait'; step = await Follow.next(chain, at(cursor)))
 *   cursor = step.kind === 'block' ? step.facts.block : step.parent
 */
export async function next(chain: Chain, { cursor, start, known, demand }: Options): Promise<Step> {
  if (!cursor) return begin(chain, start, demand)

  let confirmed = false
  let contradicted: Source.Source | undefined
  let answered = false
  let failure: unknown
  for (const source of await chain.sources()) {
    // Nothing to expect there, and a slow endpoint must not delay us once another has said where we stand.
    if (confirmed && source.memory.head && source.memory.head.number <= cursor.number) continue
    try {
      const facts = await successor(chain, source, cursor, demand)
      if (facts?.block.parentHash === cursor.hash) return { kind: 'block', facts }
      // One that is preferred has our block, and this one has not: it does not decide.
      if (!confirmed) {
        const view = facts ? 'left' : await regard(source, cursor, known)
        if (view === 'left') return await retract(chain, source, cursor, known)
        confirmed = view === 'same'
        if (view === 'left below') contradicted ??= source
      }
      answered = true
    } catch (thrown) {
      if (thrown instanceof UnknownAncestorError) throw thrown
      Fetch.note(chain, source, thrown)
      failure ??= thrown
    }
  }
  if (!confirmed && contradicted) return retract(chain, contradicted, cursor, known)
  if (!answered && failure !== undefined) throw failure
  return { kind: 'wait' }
}

async function begin(chain: Chain, start: bigint | 'latest', demand: Facts.Demand): Promise<Step> {
  const ref = start === 'latest' ? await Fetch.header(chain, 'latest') : start
  const facts = ref === undefined ? undefined : await Fetch.find(chain, ref, demand)
  return facts ? { kind: 'block', facts } : { kind: 'wait' }
}

/** The block after the cursor by this endpoint; by hash where it has been told of, since then all can be asked at once. */
async function successor(
  chain: Chain,
  source: Source.Source,
  cursor: Block.Header,
  demand: Facts.Demand,
): Promise<Facts.Facts | undefined> {
  const told = source.memory.head
  if (told && told.number === cursor.number + 1n && told.parentHash === cursor.hash) {
    const facts = await Fetch.findOn(chain, source, told, demand)
    if (facts) return facts
  }
  return Fetch.findOn(chain, source, cursor.number + 1n, demand)
}

/**
 * What an endpoint without a next block thinks of the cursor. `behind`: it does not reach so far, and nothing speaks
 * against our branch. `left below`: it does not reach so far either, but has another block in place of an earlier one.
 */
async function regard(
  source: Source.Source,
  cursor: Block.Header,
  known: Options['known'],
): Promise<'same' | 'left' | 'left below' | 'behind'> {
  const there = await Fetch.headerOn(source, cursor.number)
  if (there) return there.hash === cursor.hash ? 'same' : 'left'
  const head = await Fetch.headerOn(source, 'latest')
  if (!head || head.number >= cursor.number) return 'behind'
  const ours = await known(head.number)
  return ours === undefined || ours.hash === head.hash ? 'behind' : 'left below'
}

async function retract(
  chain: Chain,
  source: Source.Source,
  cursor: Block.Header,
  known: Options['known'],
): Promise<Step> {
  if (cursor.number === 0n) throw new UnknownAncestorError(chain.name, cursor)
  const number = cursor.number - 1n
  const ours = await known(number)
  if (ours?.hash === cursor.parentHash) return { kind: 'retract', header: cursor, parent: ours }
  // We know the parent by hash alone; that is enough if the chain still has it.
  const theirs = await Fetch.headerOn(source, number)
  if (theirs?.hash === cursor.parentHash) return { kind: 'retract', header: cursor, parent: theirs }
  throw new UnknownAncestorError(chain.name, cursor)
}

/** The chain turned further back than the blocks we know, so that what we hold cannot be joined to it. */
export class UnknownAncestorError extends Errors.BaseError {
  override readonly name = 'Follow.UnknownAncestorError'
  constructor(chain: string, cursor: Block.Header) {
    super(`The chain ${chain} was reorganised further back than the blocks that are known.`, {
      remedy: 'operator',
      facts: { oldestKnown: cursor.number, hash: cursor.hash, itsParent: cursor.parentHash },
      advice: 'Make sure which branch is right, then begin anew from a block that is final on it.',
    })
  }
}
