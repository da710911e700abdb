/** A grant as a target: of RetireGrant, which names it by token, or by the ARN of its key and its id. */
import { foreignDenial } from '#aws/denial.ts'
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target } from '#aws/operation.ts'
import { parseArn } from '#base/arn.ts'
import { parseGrantId, type GrantId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { GrantConstraints } from '#policy/grant.ts'
import type { Expectation } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { Stored } from '#records/key.ts'
import { conditionValue, ofEveryKey } from '../key/conditions.ts'
import { findKey, keyResourceType, placeOfKey, withAliasNames, type KeyResource } from '../key/target.ts'
import type { KmsPorts } from '../operation.ts'
import { decideRetirement } from './retire.ts'
import { refuseInvalidToken } from './tokens.ts'

/** A grant and its key. */
export interface GrantResource {
  readonly key: KeyResource
  readonly grant: Stored<GrantRecord>
}

/** The members that name a grant. */
export interface GrantNaming {
  readonly GrantToken?: string | undefined
  readonly KeyId?: string | undefined
  readonly GrantId?: string | undefined
}

/** Refuses a request that names its grant twice, or not at all. Unverified wording. */
export function refuseGrantNaming({ GrantToken, KeyId, GrantId }: GrantNaming): Refusal | undefined {
  const named = KeyId !== undefined && GrantId !== undefined
  if (GrantToken === undefined ? named : KeyId === undefined && GrantId === undefined) return undefined
  return refusal('ValidationException', 'You must specify either a GrantToken, or a KeyId and a GrantId.')
}

/** What is answered to a grant id that none can have. Unverified wording. */
export function invalidGrantId(text: string): Refusal {
  return refusal('InvalidGrantIdException', `Invalid grant ID '${text}'`)
}

/** What is answered for a grant that does not exist. Unverified wording. */
export function noSuchGrant(text: string): Refusal {
  return refusal('NotFoundException', `Grant '${text}' does not exist`)
}

const action = 'kms:RetireGrant'

/** The grant that a request to retire it names. */
export function retiredGrant(): Target<KmsPorts, GrantNaming, GrantResource, Expectation> {
  return {
    action,
    crossAccount: true,
    resolve: findGrant,
    // The key's policy has no say, so it is not shown.
    describe: ({ key }) => ({ arn: key.arn, account: key.record.account, policy: undefined, awsManaged: false }),
    conditions: ofEveryKey,
    condition: (name, { key, grant }, input, facts) =>
      conditionValue(name, { key, input, prefix: '', facts, constraints: constraintsOf(grant) }),
    withConditions: (wanted, { key, grant }, ports) =>
      after(withAliasNames(wanted, key, ports), (known) => ({ key: known, grant })),
    authorize: (question, { grant }) => decideRetirement(question, grant),
    admit: () => undefined,
    seen: ({ key, grant: { keyId, grantId, rev } }) => ({ kind: 'grant', place: placeOfKey(key), keyId, grantId, rev }),
    audited: ({ key }) => ({ arn: key.arn, account: key.record.account, type: keyResourceType }),
  }
}

/** The constraints of a stored grant as the evaluator reads them. */
function constraintsOf(grant: GrantRecord): GrantConstraints {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = grant
  return {
    encryptionContextEquals: equals === undefined ? undefined : new Map(equals),
    encryptionContextSubset: subset === undefined ? undefined : new Map(subset),
    sourceArn,
  }
}

interface Named {
  readonly keyArn: string
  readonly grantId: GrantId
}

function findGrant(naming: GrantNaming, facts: RequestFacts, ports: KmsPorts): MaybeAsync<GrantResource | Refusal> {
  const named = read(naming, ports)
  if (isRefusal(named)) return named
  const { keyArn, grantId } = named
  return after(
    findKey(keyArn, { action, aliases: false }, facts, ports),
    (key): MaybeAsync<GrantResource | Refusal> => {
      if (isRefusal(key)) return key
      return after(ports.storage.grant(placeOfKey(key), key.record.keyId, grantId), (grant) => {
        if (grant !== undefined) return { key, grant }
        // Of other accounts' keys nobody learns that they exist.
        return key.record.account === facts.account ? noSuchGrant(grantId) : foreignDenial(facts.callerArn, action)
      })
    },
  )
}

function read({ GrantToken, KeyId, GrantId }: GrantNaming, { grantTokens }: KmsPorts): Named | Refusal {
  if (GrantToken !== undefined) return grantTokens.open(GrantToken) ?? refuseInvalidToken()
  const keyArn = KeyId ?? ''
  // "KeyId: The key ARN"; unverified wording.
  if (parseArn(keyArn) === undefined) return refusal('InvalidArnException', `Invalid arn ${keyArn}`)
  const grantId = parseGrantId(GrantId ?? '')
  return grantId === undefined ? invalidGrantId(GrantId ?? '') : { keyArn, grantId }
}
