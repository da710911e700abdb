/**
 * Key identifiers as requests carry them (Developer Guide, "Key identifiers (KeyId)"): key id, key ARN, alias name, alias
 * ARN. KeyIdType has no pattern, so what is malformed is a NotFoundException, not a ValidationException.
 */
import { parseArn, partitionOf } from '#base/arn.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { parseAccountId, parseAliasName, parseKeyId, type AliasName, type KeyId } from '#base/brand.ts'
import type { Place } from '#records/key.ts'

export type KeyIdentifier =
  | { readonly kind: 'key'; readonly place: Place; readonly keyId: KeyId }
  | { readonly kind: 'alias'; readonly place: Place; readonly name: AliasName }

const invalidKeyId = (text: string): Refusal => refusal('NotFoundException', `Invalid keyId '${text}'`)

/** Reads `text`; aliases only where the operation takes them. */
export function parseKeyIdentifier(text: string, facts: RequestFacts, aliases: boolean): KeyIdentifier | Refusal {
  if (text.startsWith('arn:')) return parseKeyArn(text, facts, aliases)
  if (text.startsWith('alias/')) {
    const name = aliases ? parseAliasName(text) : undefined
    return name === undefined ? invalidKeyId(text) : { kind: 'alias', place: placeOf(facts), name }
  }
  const keyId = parseKeyId(text)
  return keyId === undefined ? invalidKeyId(text) : { kind: 'key', place: placeOf(facts), keyId }
}

/** The caller's own account in the region of the request. */
export function placeOf(facts: RequestFacts): Place {
  return { region: facts.region, account: facts.account }
}

function parseKeyArn(text: string, facts: RequestFacts, aliases: boolean): KeyIdentifier | Refusal {
  const arn = parseArn(text)
  const account = arn === undefined ? undefined : parseAccountId(arn.account)
  // Unverified wording: AWS's message for an ARN that is none was not to be had.
  if (arn === undefined || account === undefined || arn.service !== 'kms') {
    return refusal('InvalidArnException', `Invalid arn ${text}`)
  }
  if (arn.partition !== partitionOf(facts.region) || arn.region !== facts.region) {
    return refusal('NotFoundException', `Invalid arn ${arn.region}`)
  }
  const place = { region: facts.region, account }
  if (arn.resource.startsWith('alias/')) {
    const name = aliases ? parseAliasName(arn.resource) : undefined
    return name === undefined ? invalidKeyId(text) : { kind: 'alias', place, name }
  }
  const keyId = arn.resource.startsWith('key/') ? parseKeyId(arn.resource.slice(4)) : undefined
  return keyId === undefined ? invalidKeyId(text) : { kind: 'key', place, keyId }
}
