/**
 * Grant tokens, version 1, as base64:
 *
 *      0   1  version
 *      1   8  nonce: no two tokens of a grant are alike ("CreateGrant", Name: the same grant, a new token)
 *      9  32  grant id
 *     41  32  MAC (HMAC-SHA-256) over everything else
 *     73   n  ARN of the key
 *
 * They are no secrets: what they show, ListGrants shows. The MAC is what makes a made-up token an error.
 */
import { timingSafeEqual } from 'node:crypto'
import { parseGrantId, type GrantId } from '#base/brand.ts'
import type { HmacKey } from './hmac.ts'

const version = 1
const nonceStart = 1
const idStart = 9
const macStart = 41
const arnStart = 73

/** Bytes of a token's nonce. */
export const grantTokenNonceLength = idStart - nonceStart

/** What a grant token names. */
export interface GrantTokenContent {
  readonly grantId: GrantId
  readonly keyArn: string
}

/** A token of a grant; `nonce` is 8 unpredictable bytes. */
export function sealGrantToken(key: HmacKey, { grantId, keyArn }: GrantTokenContent, nonce: Buffer): string {
  const arn = Buffer.from(keyArn, 'latin1')
  const token = Buffer.alloc(arnStart + arn.length)
  token[0] = version
  nonce.copy(token, nonceStart)
  token.write(grantId, idStart, 'hex')
  arn.copy(token, arnStart)
  macOf(key, token).copy(token, macStart)
  return token.toString('base64')
}

/** What `text` names, or undefined when `sealGrantToken` did not make it under `key`. */
export function openGrantToken(key: HmacKey, text: string): GrantTokenContent | undefined {
  const token = Buffer.from(text, 'base64')
  if (token.length <= arnStart || token[0] !== version) return undefined
  if (!timingSafeEqual(macOf(key, token), token.subarray(macStart, arnStart))) return undefined
  // Base64 has several spellings of the same bytes: only ours is a token.
  if (token.toString('base64') !== text) return undefined
  const grantId = parseGrantId(token.toString('hex', idStart, macStart))
  return grantId === undefined ? undefined : { grantId, keyArn: token.toString('latin1', arnStart) }
}

/** The MAC of all but the MAC, whose place counts as zeros. */
function macOf(key: HmacKey, token: Buffer): Buffer {
  const message = Buffer.from(token)
  message.fill(0, macStart, arnStart)
  const mac = Buffer.alloc(key.macLength)
  key.into(message, mac)
  return mac
}
