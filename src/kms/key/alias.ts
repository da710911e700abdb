/** The rules of aliases (Developer Guide, "Aliases in AWS KMS"). Their names pass a wider pattern in the service model. */
import { parseArn } from '#base/arn.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import { parseAliasName } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { KeyRecord } from '#records/key.ts'

const prefix = 'alias/'
const reserved = 'alias/aws/'
const aliasesPerKey = 50

/** Refuses a name that no customer's alias can have. */
export function refuseAliasName(name: string): Refusal | undefined {
  if (!name.startsWith(prefix)) {
    return refusal(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see ' +
        'https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    )
  }
  if (name.startsWith(reserved)) return refusal('NotAuthorizedException')
  if (name.includes(':')) return refusal('ValidationException', `${name} contains invalid characters for an alias`)
  // Unverified wording: only the bare prefix comes here.
  return parseAliasName(name) === undefined ? refusal('ValidationException', 'Invalid identifier') : undefined
}

/** Refuses an alias, by name or ARN, as what an alias points at. */
export function refuseAliasTarget(target: string): Refusal | undefined {
  const resource = parseArn(target)?.resource ?? target
  return resource.startsWith(prefix)
    ? refusal('ValidationException', 'Aliases must refer to keys. Not aliases')
    : undefined
}

/**
 * Refuses one alias more on a key that has all it may have. Two requests at once can pass it together: what relies on the
 * number (kms:ResourceAliases) must not rely on this.
 */
export function requireRoomForAlias(
  { region, account, keyId }: KeyRecord,
  storage: StorageReader,
  fail: (code: 'LimitExceededException', message: string) => never,
): MaybeAsync<void> {
  return after(storage.aliases({ region, account }, undefined, aliasesPerKey, keyId), ({ length }) => {
    if (length < aliasesPerKey) return
    fail(
      'LimitExceededException',
      `Aliases per key quota for this account in this region is ${aliasesPerKey}, current usage is ${length}.`,
    )
  })
}

type KeyKind = 'symmetric' | 'HMAC' | 'asymmetric'

/** The type of key that an alias may not leave when it moves to another key. */
export function keyKind(keySpec: string): KeyKind {
  if (keySpec === 'SYMMETRIC_DEFAULT') return 'symmetric'
  return keySpec.startsWith('HMAC_') ? 'HMAC' : 'asymmetric'
}
