/** The states of detectors, kept block by block, so that a reorganisation rolls them back with the chain. */
import { sql } from 'kysely'
import * as Json from '../base/Json.ts'
import type * as Block from '../chain/Block.ts'
import type * as Caip from '../chain/Caip.ts'
import type { Connection } from '../store/Database.ts'
import type * as Detector from './Detector.ts'
import * as Engine from './Engine.ts'

/** How far back states are kept, in blocks: deeper reorganisations are an emergency of their own. */
export const depth = 512n

/** The state of each detector as of the block judged last; one of another version or of other parameters counts as none. */
export async function load(
  connection: Connection,
  chain: Caip.ChainKey,
  detectors: readonly Detector.Any[],
): Promise<Map<string, unknown>> {
  const { rows } = await sql<{ detector: string; detector_version: string; state: unknown }>`
    select distinct on (detector) detector, detector_version, state from detector_state where chain = ${chain} order by detector, block_number desc
  `.execute(connection)
  const versions = new Map(detectors.map((detector) => [detector.name, Engine.stateVersion(detector)]))
  return new Map(
    rows
      .filter((row) => versions.get(row.detector) === row.detector_version)
      .map(({ detector, state }) => [detector, (Json.decode(state) as { state: unknown }).state]),
  )
}

/** Stores the states that a block changed and drops those too old to be rolled back to. */
export async function keep(
  connection: Connection,
  block: Block.Block,
  detectors: readonly Detector.Any[],
  states: Engine.States,
): Promise<void> {
  const changed = detectors.filter(({ name }) => states.has(name))
  if (changed.length === 0) return
  const rows = changed.map(({ name, version, parameters }) => ({
    chain: block.chain,
    detector: name,
    detector_version: Engine.stateVersion({ version, parameters }),
    block_hash: block.hash,
    block_number: block.number,
    // Wrapped, because a state may itself be null.
    state: Json.stringify({ state: states.get(name) }),
  }))
  await connection
    .insertInto('detector_state')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['chain', 'detector', 'block_hash']).doUpdateSet(({ ref }) => ({
        state: ref('excluded.state'),
        detector_version: ref('excluded.detector_version'),
      })),
    )
    .execute()
  // The newest state of a quiet detector may be old; it is kept until a newer one is old too.
  if (block.number % 32n === 0n) {
    const limit = block.number - depth
    await sql`
      delete from detector_state old where old.chain = ${block.chain} and old.block_number < ${limit.toString()}::numeric
      and exists (select 1 from detector_state newer where newer.chain = old.chain and newer.detector = old.detector and newer.block_number > old.block_number and newer.block_number <= ${limit.toString()}::numeric)
    `.execute(connection)
  }
}

/** Drops the states of a replaced block. */
export async function retract(connection: Connection, chain: Caip.ChainKey, blockHash: string): Promise<void> {
  await connection.deleteFrom('detector_state').where('chain', '=', chain).where('block_hash', '=', blockHash).execute()
}
