/** Who did something through the API. The token is shared, so people say who they are; what counts, they sign. */
import * as Errors from '../base/Errors.ts'
import type * as Timeline from '../incident/Timeline.ts'
import type * as Person from '../playbook/Person.ts'

/** The actor of a name: someone of the configuration, or the console or the command line on nobody's behalf. */
export function of(people: readonly Person.Person[], name: string): Timeline.Actor {
  const isKnown = people.some(({ id }) => id === name) || name === 'console' || name === 'cli'
  if (!isKnown) throw new NobodyError(name)
  return `person:${name}`
}

export class NobodyError extends Errors.BaseError {
  override readonly name = 'Actor.NobodyError'
  constructor(name: string) {
    super(`Nobody in \`people\` has the id \`${name}\`.`, { remedy: 'operator' })
  }
}
