/** What a seed says of a key for itself, by the rules of KMS. */
import type { ErrorCode } from '#aws/errors.ts'
import { dayMs } from '#base/day.ts'
import { defaultKeyPolicy } from '#kms/key/default-policy.ts'
import { storedPolicy } from '#kms/key/policy.ts'
import { mergeTags } from '#kms/key/tags.ts'
import type { KeyRecord, KeyState, Place } from '#records/key.ts'
import type { Planning } from './planning.ts'
import type { SeedOwn } from './seed.ts'

/** One key of those that a seed brings together: a primary, which is the first, or one of its replicas. */
export interface Placed {
  readonly place: Place
  readonly own: SeedOwn
  /** As it is stored. */
  readonly policy: string
  readonly tags: KeyRecord['tags']
}

/** Thrown by rules of KMS that a seed breaks, and noted at once. */
class Broken extends Error {}

const broken = (_code: ErrorCode, message: string): never => {
  throw new Broken(message)
}

export async function policyOf({ policy }: SeedOwn, place: Place, { principals, problems }: Planning): Promise<string> {
  if (policy === undefined) return defaultKeyPolicy(place)
  try {
    return await storedPolicy(policy.value, place.region, principals, broken)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    problems.push(`${policy.where}: ${error.message}`)
    return ''
  }
}

export function tagsOf({ tags }: SeedOwn, { problems }: Planning): KeyRecord['tags'] {
  if (tags === undefined) return []
  try {
    return mergeTags([], tags.value, broken)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    problems.push(`${tags.where}: ${error.message}`)
    return []
  }
}

/** The state that the seed names; undefined: it names none. */
export function stateOf({ state }: SeedOwn, now: number): KeyState | undefined {
  if (state?.value.kind !== 'PendingDeletion') return state?.value
  const { until } = state.value
  return { kind: 'PendingDeletion', deletionDate: 'date' in until ? until.date : now + until.days * dayMs }
}
