/**
 * The texts of the policies in records. A text is kept for as long as the trail may speak of it: from the moment it is put,
 * and, since it may have been in force for years, once more from the moment something else takes its place.
 */
import { sha256Hex } from '#crypto/hmac.ts'
import type { Change } from './change.ts'
import type { IamRecord } from './iam.ts'
import type { AccountRecord } from './identity.ts'
import type { KeyRecord } from './key.ts'

/** The texts of the policies in a record. */
export const textsIn = {
  key: ({ policy }: KeyRecord): readonly string[] => [policy],
  account: ({ serviceControl, resourceControl }: AccountRecord): readonly string[] => [
    ...serviceControl.flat(),
    ...resourceControl.flat(),
  ],
  iam: (record: IamRecord): readonly string[] => {
    if (record.kind === 'oidc-provider') return []
    if (record.kind === 'policy') return record.versions.map(({ document }) => document)
    const inline = record.inline.map(({ document }) => document)
    return record.kind === 'role' ? [...inline, record.trustPolicy] : inline
  },
}

/** The change that keeps `text`, at `now` (epoch milliseconds). */
export function textKept(text: string, now: number): Change {
  return { kind: 'policy text kept', hash: sha256Hex(text), text, keptAt: now }
}

/** The changes that keep those of the texts `before` that are not among `afterwards`: they were in force until `now`. */
export function textsSuperseded(
  before: readonly string[],
  afterwards: readonly string[],
  now: number,
): readonly Change[] {
  const still = new Set(afterwards)
  return [...new Set(before)].filter((text) => !still.has(text)).map((text) => textKept(text, now))
}

/** What `changes` to entities of IAM supersede, of which `before` are those that were read. */
export function iamTextsSuperseded(
  before: readonly IamRecord[],
  changes: readonly Change[],
  now: number,
): readonly Change[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'iam changed' && change.kind !== 'iam removed') return []
    const { kind, id } = change.kind === 'iam changed' ? change.entity : { kind: change.of, id: change.id }
    const old = before.find((each) => each.kind === kind && each.id === id)
    if (old === undefined) return []
    return textsSuperseded(textsIn.iam(old), change.kind === 'iam changed' ? textsIn.iam(change.entity) : [], now)
  })
}
