/** GetKeyPolicy: the key policy as text, its principals by their names of today, in any key state. */
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { shownText } from '#policy/stored-principals.ts'
import { defaultPolicyName } from '../key/default-policy.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, PolicyNameType, PolicyType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetKeyPolicy = readOperation({
  name: 'GetKeyPolicy',
  effect: 'read',
  input: { KeyId: KeyIdType, PolicyName: optional(PolicyNameType) },
  output: { Policy: PolicyType, PolicyName: PolicyNameType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GetKeyPolicy',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'GetKeyPolicy',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'PolicyName'], response: [] },
  handle({ targets: { key }, ports, fail }, { PolicyName = defaultPolicyName }) {
    if (PolicyName !== defaultPolicyName) fail('NotFoundException', 'No such policy exists')
    return after(shownText(key.record.policy, ports.principals), (Policy) => ({ Policy, PolicyName }))
  },
})
