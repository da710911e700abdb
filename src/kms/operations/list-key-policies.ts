/** ListKeyPolicies: a key has one policy, and its name is `default`. */
import { list, optional } from '#aws/shape.ts'
import { defaultPolicyName } from '../key/default-policy.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, LimitType, MarkerType, PolicyNameType, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListKeyPolicies', { defaultLimit: 100, maxLimit: 1000 })

export const ListKeyPolicies = readOperation({
  name: 'ListKeyPolicies',
  effect: 'read',
  input: { KeyId: KeyIdType, Limit: optional(LimitType), Marker: optional(MarkerType) },
  output: { PolicyNames: list(PolicyNameType), NextMarker: optional(MarkerType), Truncated: TruncatedType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ListKeyPolicies',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  check: (input) => paging.check(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListKeyPolicies',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    // Not among this operation's errors in AWS's model, which lets it take a marker all the same.
    'InvalidMarkerException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'Limit', 'Marker'], response: [] },
  handle({ targets: { key }, fail }, input) {
    // Nothing follows the one name there is, so no marker was ever given out.
    const page = paging.start(input, key.arn, () => undefined, fail)
    const [names, end] = paging.end(page, [defaultPolicyName], (name) => name)
    return { PolicyNames: names, ...end }
  },
})
