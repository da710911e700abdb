import { partitionOf } from '#base/arn.ts'
import * as templates from '#policy/templates.ts'
import type { Place } from '#records/key.ts'

/** The name of the one policy that a key has. */
export const defaultPolicyName = 'default'

/** The key policy of a key in `place` that was created without one. */
export function defaultKeyPolicy({ region, account }: Place): string {
  return templates.defaultKeyPolicy(partitionOf(region), account)
}
