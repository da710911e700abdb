/** Secrets of access keys at rest: SigV4 needs the secret itself, so it is wrapped as key material is, not hashed. */
import { IntegrityError } from '#base/integrity-error.ts'
import type { AccessKeyId, AccountId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { ivLength, lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { Random } from '#ports/edge.ts'
import type { AccessKeyRecord } from '#records/identity.ts'

/** Wraps `secret`, which stays the caller's to overwrite, under the current domain key. */
export function wrapSecret(
  hierarchy: Hierarchy,
  random: Random,
  owner: Pick<AccessKeyRecord, 'account' | 'accessKeyId'>,
  secret: Buffer,
): Pick<AccessKeyRecord, 'epoch' | 'wrappedSecret'> {
  const epoch = hierarchy.currentEpoch
  const aad = rowIdentity(hierarchy.installationId, owner.account, owner.accessKeyId, epoch)
  const wrapped = wrapBytes(hierarchy.domainKey(epoch), random.bytes(ivLength), secret, aad)
  return { epoch, wrappedSecret: wrapped.toString('base64') }
}

/** The secret of an access key. Throws IntegrityError when the record isn't what was wrapped. */
export function unwrapSecret(
  hierarchy: Hierarchy,
  record: Pick<AccessKeyRecord, 'account' | 'accessKeyId' | 'epoch' | 'wrappedSecret'>,
): SecretBytes {
  const { account, accessKeyId, epoch } = record
  const aad = rowIdentity(hierarchy.installationId, account, accessKeyId, epoch)
  const secret = unwrapBytes(hierarchy.domainKey(epoch), Buffer.from(record.wrappedSecret, 'base64'), aad)
  if (secret === undefined) throw new IntegrityError(`the secret of access key ${accessKeyId} is not what was stored`)
  return new SecretBytes(secret)
}

function rowIdentity(installationId: string, account: AccountId, accessKeyId: AccessKeyId, epoch: number): Buffer {
  return lengthPrefixed('access-key', installationId, account, accessKeyId, String(epoch))
}
