/** What a new grant may say (Developer Guide, "Grants in AWS KMS"), and what it becomes. Pure. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { parseArn } from '#base/arn.ts'
import type { GrantId } from '#base/brand.ts'
import { sha256Hex } from '#crypto/hmac.ts'
import type { GrantConstraints } from '#policy/grant.ts'
import type { GrantPrincipal, GrantRecord } from '#records/grant.ts'
import type { KeyRecord } from '#records/key.ts'
import type { GrantConstraintsType, GrantOperation } from './members.ts'

/** Grants that one key may have (Developer Guide, "Resource quotas"). */
export const grantsPerKey = 50_000

const pairsPerConstraint = 8
const charactersPerText = 384

/** The members of CreateGrant that say what the grant is. */
export interface GrantRequest {
  readonly GranteePrincipal?: string | undefined
  readonly GranteeServicePrincipal?: string | undefined
  readonly RetiringPrincipal?: string | undefined
  readonly RetiringServicePrincipal?: string | undefined
  readonly Operations: readonly GrantOperation[]
  readonly Constraints?: GrantConstraintsType | undefined
  readonly Name?: string | undefined
}

const invalid = (message: string): Refusal => refusal('ValidationException', message)

/** Refuses what no key's grant may say. Unverified wordings throughout: AWS's texts were not to be had. */
export function refuseGrant(request: GrantRequest): Refusal | undefined {
  return refusePrincipals(request) ?? refuseConstraints(request) ?? refuseOperations(request)
}

function refusePrincipals({
  GranteePrincipal,
  GranteeServicePrincipal,
  RetiringPrincipal,
  RetiringServicePrincipal,
  Constraints,
}: GrantRequest): Refusal | undefined {
  if ((GranteePrincipal === undefined) === (GranteeServicePrincipal === undefined)) {
    return invalid('You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.')
  }
  if (RetiringPrincipal !== undefined && RetiringServicePrincipal !== undefined) {
    return invalid('You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.')
  }
  if (GranteeServicePrincipal !== undefined) {
    if (Constraints?.SourceArn === undefined) {
      return invalid('You must specify the SourceArn constraint when you specify GranteeServicePrincipal.')
    }
    if (RetiringPrincipal === undefined && RetiringServicePrincipal === undefined) {
      return invalid(
        'You must specify RetiringPrincipal or RetiringServicePrincipal when you specify GranteeServicePrincipal.',
      )
    }
  }
  return refuseNoArn(GranteePrincipal) ?? refuseNoArn(RetiringPrincipal)
}

/**
 * Refuses a principal that is not named by an ARN: unique ids and account numbers are other names of the same principals,
 * and conditions on `kms:GranteePrincipal` compare what was sent.
 */
export function refuseNoArn(principal: string | undefined): Refusal | undefined {
  return principal === undefined || parseArn(principal) !== undefined ? undefined : unknownPrincipal(principal)
}

/** What is answered for a principal that does not exist. Unverified wording. */
export function unknownPrincipal(principal: string): Refusal {
  return refusal('InvalidArnException', `ARN does not refer to a valid principal: ${principal}`)
}

function refuseConstraints({ Constraints }: GrantRequest): Refusal | undefined {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = requestedConstraints(Constraints)
  if (equals !== undefined && subset !== undefined) {
    return invalid('You can specify either EncryptionContextEquals or EncryptionContextSubset, but not both.')
  }
  const pairs = [...(equals ?? subset ?? [])]
  if (pairs.length > pairsPerConstraint) {
    return invalid(`A grant constraint can have at most ${pairsPerConstraint} encryption context pairs.`)
  }
  return pairs.some(([key, value]) => key.length > charactersPerText || value.length > charactersPerText)
    ? invalid(`Keys and values of a grant constraint can have at most ${charactersPerText} characters.`)
    : undefined
}

function refuseOperations({ Operations }: GrantRequest): Refusal | undefined {
  return Operations.length === 0 ? invalid('You must specify at least one grant operation.') : undefined
}

const ofEveryKey: readonly GrantOperation[] = ['CreateGrant', 'RetireGrant', 'DescribeKey']
const encrypting: readonly GrantOperation[] = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo']
const dataKeys: readonly GrantOperation[] = [
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
]
const ofUsage: Readonly<Record<string, readonly GrantOperation[]>> = {
  ENCRYPT_DECRYPT: [...encrypting, 'GetPublicKey'],
  SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Encapsulate', 'Decapsulate', 'GetPublicKey'],
}

/** What of a key its grants depend on. */
export interface GrantedKey {
  readonly keySpec: string
  readonly keyUsage: string
}

/** The operations that grants on a key may permit ("Grant operations"). */
function operationsOf({ keySpec, keyUsage }: GrantedKey): readonly GrantOperation[] {
  if (keySpec === 'SYMMETRIC_DEFAULT') return [...encrypting, ...dataKeys, ...ofEveryKey]
  return [...(ofUsage[keyUsage] ?? []), ...ofEveryKey]
}

/** Refuses what the grants of this key may not say. */
export function refuseGrantOn(key: GrantedKey, { Operations, Constraints }: GrantRequest): Refusal | undefined {
  const possible = operationsOf(key)
  const impossible = Operations.find((operation) => !possible.includes(operation))
  if (impossible !== undefined) {
    return invalid(
      `Grant operation ${impossible} is not valid for a key with KeySpec ${key.keySpec} and KeyUsage ${key.keyUsage}.`,
    )
  }
  const { encryptionContextEquals, encryptionContextSubset } = requestedConstraints(Constraints)
  const context = encryptionContextEquals ?? encryptionContextSubset
  return context === undefined || key.keySpec === 'SYMMETRIC_DEFAULT'
    ? undefined
    : invalid('Encryption context grant constraints are valid only for symmetric encryption KMS keys.')
}

/**
 * The constraints of a request as the evaluator reads them. Terraform sends the encryption context constraint that it has none
 * of as an empty map beside the other one: it constrains nothing. Alone, an empty one says what it says.
 */
export function requestedConstraints(constraints: GrantConstraintsType | undefined): GrantConstraints {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset, SourceArn: sourceArn } = constraints ?? {}
  const lacksSubset = subset?.size === 0 && equals !== undefined
  const lacksEquals = equals?.size === 0 && subset !== undefined && !lacksSubset
  return {
    encryptionContextEquals: lacksEquals ? undefined : equals,
    encryptionContextSubset: lacksSubset ? undefined : subset,
    sourceArn,
  }
}

/** Who has to do with a new grant, by stored names. */
export interface GrantParties {
  readonly grantee: GrantPrincipal
  readonly retiring: GrantPrincipal | undefined
  /** The root ARN of the account of who creates it. */
  readonly issuingAccount: string
}

/** The record of a new grant on `key`, of `now` (epoch milliseconds). */
export function newGrant(
  { region, account, keyId }: KeyRecord,
  grantId: GrantId,
  request: GrantRequest,
  parties: GrantParties,
  now: number,
): GrantRecord {
  const { Constraints, Name: name = '' } = request
  const { encryptionContextEquals, encryptionContextSubset, sourceArn } = requestedConstraints(Constraints)
  const said = {
    ...parties,
    operations: [...new Set(request.Operations)],
    encryptionContextEquals: pairsOf(encryptionContextEquals),
    encryptionContextSubset: pairsOf(encryptionContextSubset),
    sourceArn,
    name,
  }
  const nameKey = name === '' ? undefined : nameKeyOf(said)
  return { region, account, keyId, grantId, ...said, nameKey, creationDate: now }
}

function pairsOf(context: ReadonlyMap<string, string> | undefined): readonly (readonly [string, string])[] | undefined {
  return context === undefined ? undefined : [...context]
}

type Said = Pick<
  GrantRecord,
  | 'grantee'
  | 'retiring'
  | 'issuingAccount'
  | 'operations'
  | 'encryptionContextEquals'
  | 'encryptionContextSubset'
  | 'sourceArn'
  | 'name'
>

/** The same for all requests that say the same, whatever the order in which they list it. */
function nameKeyOf(said: Said): string {
  const { grantee, retiring } = said
  return sha256Hex(
    JSON.stringify([
      said.name,
      [grantee.kind, grantee.name],
      retiring === undefined ? null : [retiring.kind, retiring.name],
      said.issuingAccount,
      [...said.operations].sort(),
      sorted(said.encryptionContextEquals),
      sorted(said.encryptionContextSubset),
      said.sourceArn ?? null,
    ]),
  )
}

function sorted(
  pairs: readonly (readonly [string, string])[] | undefined,
): readonly (readonly [string, string])[] | null {
  return pairs === undefined ? null : [...pairs].sort(([left], [right]) => (left < right ? -1 : 1))
}
