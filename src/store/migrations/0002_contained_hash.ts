/** Which block proved a containment: its number alone does not say so once the chain has turned. */
import { type Kysely, sql } from 'kysely'

export async function up(database: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table incident add column contained_hash text').execute(database)
}
