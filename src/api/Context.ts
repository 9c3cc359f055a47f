/** What the API works with; built where the server starts. */
import type * as Changes from '../base/Changes.ts'
import type * as Clock from '../base/Clock.ts'
import type { Log } from '../base/Log.ts'
import type * as Chain from '../chain/Chain.ts'
import type * as Person from '../playbook/Person.ts'
import type { Database } from '../store/Database.ts'
import type * as Operations from './contract/Operations.ts'

export type Context = {
  readonly database: Database
  readonly clock: Clock.Clock
  readonly log: Log
  readonly changes: Changes.Changes
  readonly people: readonly Person.Person[]
  readonly chains: ReadonlyMap<string, Chain.Chain>
  /** What the configuration calls an account, by CAIP-10. */
  readonly labels: ReadonlyMap<string, string>
  /** SHA-256 of the token, in hexadecimal. */
  readonly tokenHash: string
  readonly readiness: () => Promise<Operations.Readiness>
  /** Wakes the run that waits for a decision. */
  readonly decided: (
    approval: { readonly id: string; readonly runId: string; readonly path: string },
    person: string,
  ) => Promise<void>
  /** The folder with the built console, if there is one. */
  readonly consoleDirectory: string | undefined
}
