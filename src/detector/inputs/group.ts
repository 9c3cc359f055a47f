import type * as Facts from '../../chain/Facts.ts'
import type { Input } from '../Detector.ts'

/** Several inputs of one type as one, by name: the reserves of every pool, the balance of every vault. */
export function group<value>(members: Readonly<Record<string, Input<value>>>): Input<Readonly<Record<string, value>>> {
  const demands = Object.values(members).map(({ demand }) => demand)
  return {
    kind: 'group',
    demand: {
      reads: demands.flatMap(({ reads }): readonly Facts.Read[] => reads ?? []),
      ...(demands.some(({ calls }) => calls) ? { calls: true } : {}),
      ...(demands.some(({ pending }) => pending) ? { pending: true } : {}),
    },
    resolve: (facts, report) =>
      Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member.resolve(facts, report)])),
  }
}
