/** PutKeyPolicy: replaces the key policy, in any key state. */
import { boolean, optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import type { KeyRecord } from '#records/key.ts'
import { defaultPolicyName } from '../key/default-policy.ts'
import { policyKept, policySuperseded, refuseLockout, storedPolicy } from '../key/policy.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, PolicyNameType, PolicyType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutKeyPolicy = changeOperation({
  name: 'PutKeyPolicy',
  effect: 'change',
  input: {
    KeyId: KeyIdType,
    PolicyName: optional(PolicyNameType),
    Policy: PolicyType,
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
  },
  output: {},
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:PutKeyPolicy',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: ['kms:BypassPolicyLockoutSafetyCheck'],
  grantable: [],
  dryRun: false,
  quota: 'PutKeyPolicy',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'Policy'],
    requestExtra: ({ PolicyName = defaultPolicyName, BypassPolicyLockoutSafetyCheck = false }) => ({
      PolicyName,
      BypassPolicyLockoutSafetyCheck,
    }),
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ facts, targets: { key }, ports, fail }, input) {
    const { PolicyName = defaultPolicyName, Policy, BypassPolicyLockoutSafetyCheck = false } = input
    if (PolicyName !== defaultPolicyName) fail('NotFoundException', 'No such policy exists')
    return after(storedPolicy(Policy, key.record.region, ports.principals, fail), (policy) => {
      const changed: KeyRecord = { ...key.record, policy }
      if (!BypassPolicyLockoutSafetyCheck) refuseLockout(changed, key.arn, facts, fail)
      return {
        output: {},
        changes:
          policy === key.record.policy
            ? []
            : [
                { kind: 'key changed', key: changed },
                policyKept(changed, facts),
                ...policySuperseded(key.record, changed, facts),
              ],
      }
    })
  },
})
