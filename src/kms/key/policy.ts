/**
 * Key policies on their way in and out: checked, with users and roles by unique id as they are stored, never such that who
 * puts one locks himself out unawares, and shown by the names of today ("Key policies in AWS KMS", Developer Guide).
 */
import type { RequestFacts } from '#aws/operation.ts'
import type { KeyArn, Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { RequestContext } from '#policy/context.ts'
import { keepsAccess } from '#policy/lockout.ts'
import type { PolicyFault } from '#policy/policy-fault.ts'
import { replacePrincipals } from '#policy/principal-text.ts'
import { refuseKeyPolicySize } from '#policy/policy-size.ts'
import { storedPrincipals } from '#policy/stored-principals.ts'
import { validateKeyPolicy } from '#policy/validate-key-policy.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { textKept, textsIn, textsSuperseded } from '#records/policy-texts.ts'
import { conditionValue, familyOf, ofEveryKey, suppliedFamilies } from './conditions.ts'

type Fail<E extends string> = (code: E, message: string) => never

/** The stored form of the policy `text` that a request brings for a key in `region`; fails when KMS would refuse it. */
export function storedPolicy(
  text: string,
  region: Region,
  principals: PrincipalDirectory,
  fail: Fail<PolicyFault['code']>,
): MaybeAsync<string> {
  const refuse = (fault: PolicyFault | undefined): void => {
    if (fault !== undefined) fail(fault.code, fault.message)
  }
  // Before anybody is looked up: the service model lets texts pass that are four times as long.
  refuse(refuseKeyPolicySize(text))
  return after(storedPrincipals(text, region, principals), (stored) => {
    refuse(validateKeyPolicy(text, stored))
    return replacePrincipals(text, (given) => stored.get(given))
  })
}

const keyFamilies = suppliedFamilies(ofEveryKey)

/**
 * Fails when the policy of `record`, which is to be stored, would not let the caller put another one. Conditions see the
 * caller and the key; what else the next request will bring nobody knows, so a condition on it is one that does not hold.
 */
export function refuseLockout(
  record: KeyRecord,
  arn: KeyArn,
  facts: RequestFacts,
  fail: Fail<'MalformedPolicyDocumentException'>,
): void {
  const { subject, context } = facts.caller
  const key = { arn, record, requestAlias: undefined }
  const next: RequestContext = {
    value: (name) =>
      keyFamilies.has(familyOf(name))
        ? conditionValue(name, { key, input: {}, prefix: '', facts, constraints: undefined })
        : context.value(name),
  }
  if (keepsAccess(compilePolicy(record.policy), subject, next, arn, record.account)) return
  fail(
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
}

/** Keeps the text of a stored policy for as long as the trail may speak of it. */
export function policyKept({ policy }: KeyRecord, { now }: RequestFacts): Change {
  return textKept(policy, now)
}

/** Keeps the text that was in force until the policy of `changed` took its place. */
export function policySuperseded(before: KeyRecord, changed: KeyRecord, { now }: RequestFacts): readonly Change[] {
  return textsSuperseded(textsIn.key(before), textsIn.key(changed), now)
}
