/** AWS KMS: AWS JSON 1.1, `X-Amz-Target: TrentService.<Operation>`. Each operation is one file in operations/. */
import type { Service } from '#aws/operation.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KmsOperation, KmsPorts } from './operation.ts'
import { CancelKeyDeletion } from './operations/cancel-key-deletion.ts'
import { CreateAlias } from './operations/create-alias.ts'
import { CreateKey } from './operations/create-key.ts'
import { Decrypt } from './operations/decrypt.ts'
import { DeleteAlias } from './operations/delete-alias.ts'
import { DescribeKey } from './operations/describe-key.ts'
import { DisableKey } from './operations/disable-key.ts'
import { EnableKey } from './operations/enable-key.ts'
import { Encrypt } from './operations/encrypt.ts'
import { GenerateDataKey } from './operations/generate-data-key.ts'
import { GenerateDataKeyWithoutPlaintext } from './operations/generate-data-key-without-plaintext.ts'
import { GenerateRandom } from './operations/generate-random.ts'
import { GetKeyPolicy } from './operations/get-key-policy.ts'
import { ListAliases } from './operations/list-aliases.ts'
import { ListKeyPolicies } from './operations/list-key-policies.ts'
import { ListKeys } from './operations/list-keys.ts'
import { ListResourceTags } from './operations/list-resource-tags.ts'
import { ReEncrypt } from './operations/re-encrypt.ts'
import { ScheduleKeyDeletion } from './operations/schedule-key-deletion.ts'
import { TagResource } from './operations/tag-resource.ts'
import { UntagResource } from './operations/untag-resource.ts'
import { UpdateAlias } from './operations/update-alias.ts'
import { UpdateKeyDescription } from './operations/update-key-description.ts'

/** All operations that this version serves: the registry below does not compile while one is missing. */
export type OperationName =
  | 'CancelKeyDeletion'
  | 'CreateAlias'
  | 'CreateKey'
  | 'Decrypt'
  | 'DeleteAlias'
  | 'DescribeKey'
  | 'DisableKey'
  | 'EnableKey'
  | 'Encrypt'
  | 'GenerateDataKey'
  | 'GenerateDataKeyWithoutPlaintext'
  | 'GenerateRandom'
  | 'GetKeyPolicy'
  | 'ListAliases'
  | 'ListKeyPolicies'
  | 'ListKeys'
  | 'ListResourceTags'
  | 'ReEncrypt'
  | 'ScheduleKeyDeletion'
  | 'TagResource'
  | 'UntagResource'
  | 'UpdateAlias'
  | 'UpdateKeyDescription'

export const operations = {
  CancelKeyDeletion,
  CreateAlias,
  CreateKey,
  Decrypt,
  DeleteAlias,
  DescribeKey,
  DisableKey,
  EnableKey,
  Encrypt,
  GenerateDataKey,
  GenerateDataKeyWithoutPlaintext,
  GenerateRandom,
  GetKeyPolicy,
  ListAliases,
  ListKeyPolicies,
  ListKeys,
  ListResourceTags,
  ReEncrypt,
  ScheduleKeyDeletion,
  TagResource,
  UntagResource,
  UpdateAlias,
  UpdateKeyDescription,
} satisfies Record<OperationName, KmsOperation>

export const kms: Service<KmsPorts, Expectation, Change> = {
  name: 'kms',
  eventSource: 'kms.amazonaws.com',
  internalError: 'KMSInternalException',
  protocol: { kind: 'aws-json', targetPrefix: 'TrentService' },
  alsoScopedTo: [],
  operations,
}
