/** Grants as the evaluator sees them. */
import type { GrantId, KeyId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Grant } from '#policy/grant.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { Place } from '#records/key.ts'

const pageSize = 1000
const none: readonly Grant[] = []

/** All grants of a key whose grantee is `name`. */
export function loadGrants(
  storage: Pick<StorageReader, 'grants'>,
  place: Place,
  keyId: KeyId,
  name: string,
): MaybeAsync<readonly Grant[]> {
  const found: Grant[] = []
  const from = (behind: GrantId | undefined): MaybeAsync<readonly Grant[]> =>
    after(storage.grants(place, keyId, behind, pageSize, name), (page) => {
      found.push(...page.map(grantOf))
      const last = page.at(-1)
      if (last !== undefined && page.length >= pageSize) return from(last.grantId)
      return found.length === 0 ? none : found
    })
  return from(undefined)
}

function grantOf(record: GrantRecord): Grant {
  const { grantId, grantee, operations, encryptionContextEquals, encryptionContextSubset, sourceArn } = record
  return {
    grantId,
    grantee: grantee.name,
    operations,
    constraints: {
      encryptionContextEquals: pairs(encryptionContextEquals),
      encryptionContextSubset: pairs(encryptionContextSubset),
      sourceArn,
    },
  }
}

function pairs(given: GrantRecord['encryptionContextEquals']): ReadonlyMap<string, string> | undefined {
  return given === undefined ? undefined : new Map(given)
}
