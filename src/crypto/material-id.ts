import { createHmac } from 'node:crypto'
import { parseKeyMaterialId } from '#base/brand.ts'
import type { KeyId, KeyMaterialId } from '#base/brand.ts'

/**
 * The id of `material` as key material of the KMS key `keyId`: the same for every replica of a multi-Region key, another
 * one for the same bytes in another KMS key. A pseudorandom function keyed with the material itself, so the id, which is
 * public, says nothing about it.
 */
export function keyMaterialId(material: Buffer, keyId: KeyId): KeyMaterialId {
  const id = parseKeyMaterialId(createHmac('sha256', material).update(`trent/material-id/v1\0${keyId}`).digest('hex'))
  if (id === undefined) throw new TypeError('a SHA-256 digest has 64 hex digits')
  return id
}
