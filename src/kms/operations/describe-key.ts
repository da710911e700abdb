/** DescribeKey: the metadata of a key in any state; no aliases, tags, policy or grants. */
import { optional } from '#aws/shape.ts'
import { KeyMetadata, keyMetadata } from '../key/metadata.ts'
import { keyIn } from '../key/target.ts'
import { GrantTokenList, KeyIdType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const DescribeKey = readOperation({
  name: 'DescribeKey',
  effect: 'read',
  input: { KeyId: KeyIdType, GrantTokens: optional(GrantTokenList) },
  output: { KeyMetadata },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:DescribeKey',
      aliases: true,
      crossAccount: true,
      states: 'any',
      usage: 'any',
    }),
  },
  conditions: ['kms:RequestAlias'],
  grantable: ['DescribeKey'],
  dryRun: false,
  quota: 'DescribeKey',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'InvalidGrantTokenException',
    'KMSInternalException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId'], response: [] },
  handle: ({ targets: { key } }) => ({ KeyMetadata: keyMetadata(key.record, key.arn) }),
})
