/** What the steps of a playbook work with: one small bag, built where the server starts. */
import type * as Changes from '../base/Changes.ts'
import type * as Clock from '../base/Clock.ts'
import type { Log } from '../base/Log.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Announce } from '../incident/Announcement.ts'
import type { Database } from '../store/Database.ts'
import type * as Person from './Person.ts'
import type * as Playbook from './Playbook.ts'
import type * as Policy from './Policy.ts'

export type Context = {
  readonly database: Database
  /** By the name the configuration gives them. */
  readonly chains: ReadonlyMap<string, Chain.Chain>
  readonly playbooks: readonly Playbook.Playbook[]
  readonly people: readonly Person.Person[]
  readonly policy: Policy.Policy
  readonly deploymentId: string
  readonly clock: Clock.Clock
  readonly log: Log
  readonly changes: Changes.Changes
  readonly announce: Announce
  /** Called around every durable step, so that a test can end the process there. */
  readonly probe?: ((when: 'before' | 'after' | 'recorded', step: string) => void) | undefined
}
