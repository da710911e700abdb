/** New ids and secrets of access keys and accounts. */
import { parseAccessKeyId, parseAccountId, type AccessKeyId, type AccountId } from '#base/brand.ts'
import { uniqueId } from '#base/unique-id.ts'
import type { Random } from '#ports/edge.ts'

/** `AKIA` and 16 characters of base32: 80 random bits. */
export function newAccessKeyId(random: Random): AccessKeyId {
  const id = parseAccessKeyId(uniqueId('AKIA', random.bytes(16)))
  if (id === undefined) throw new Error('a new access key id does not parse')
  return id
}

/** 40 characters of base64, as AWS's secrets are: 240 random bits. The caller's to overwrite. */
export function newSecret(random: Random): Buffer {
  const bytes = random.bytes(30)
  const secret = Buffer.from(bytes.toString('base64'), 'utf8')
  bytes.fill(0)
  return secret
}

/** Twelve digits, the first not zero, as AWS's are mostly. */
export function newAccountId(random: Random): AccountId {
  const number = 100_000_000_000n + (random.bytes(8).readBigUInt64BE() % 900_000_000_000n)
  const account = parseAccountId(number.toString())
  if (account === undefined) throw new Error('a new account id does not parse')
  return account
}
