/**
 * What SM2DSA signs (GB/T 32918.2 section 5.5): SM3 of Z and the message, Z being the hash of the signer's identity, the
 * curve and the public key. AWS KMS uses the default identity of GM/T 0009 ("Key spec reference", AWS KMS Developer Guide).
 */
import { createHash } from 'node:crypto'
import { curves } from './curves.ts'
import { toBytes } from './integers.ts'

const identity = Buffer.from('1234567812345678', 'latin1')

/** The digest of `message` for the owner of `publicPoint` (uncompressed, 65 bytes). */
export function sm2Digest(publicPoint: Buffer, message: Buffer): Buffer {
  const { a, b, gx, gy, bytes } = curves.SM2
  const z = createHash('sm3')
    .update(Buffer.of(0, identity.length * 8))
    .update(identity)
  for (const number of [a, b, gx, gy]) z.update(toBytes(number, bytes))
  z.update(publicPoint.subarray(1))
  return createHash('sm3').update(z.digest()).update(message).digest()
}
