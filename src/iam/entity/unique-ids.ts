/** Unique ids and access keys ("IAM identifiers", IAM User Guide). */
import { encodeBase64 } from '#aws/base64.ts'
import { parseAccessKeyId, type AccessKeyId } from '#base/brand.ts'
import { uniqueId } from '#base/unique-id.ts'
import type { Random } from '#ports/edge.ts'

/** `AIDA` of a user, `AGPA` of a group, `AROA` of a role, `ANPA` of a managed policy; 85 random bits behind it. */
export function newUniqueId(prefix: 'AIDA' | 'AGPA' | 'AROA' | 'ANPA', random: Random): string {
  return uniqueId(prefix, random.bytes(17))
}

/** `AKIA` and 16 characters: 80 random bits. */
export function newAccessKeyId(random: Random): AccessKeyId {
  const id = parseAccessKeyId(uniqueId('AKIA', random.bytes(16)))
  if (id === undefined) throw new TypeError('a new access key id does not parse')
  return id
}

/** 40 characters of base64, as AWS's secrets are: 240 random bits. The caller's to overwrite. */
export function newSecret(random: Random): Buffer {
  const bytes = random.bytes(30)
  const secret = Buffer.alloc(40)
  encodeBase64(bytes, secret, 0)
  bytes.fill(0)
  return secret
}
