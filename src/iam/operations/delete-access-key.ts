/** DeleteAccessKey: the key is gone at once. */
import { optional } from '#aws/shape.ts'
import { accessKeyOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, userOrCaller } from '../entity/target.ts'
import { AccessKeyIdType, ExistingUserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteAccessKey = changeOperation({
  name: 'DeleteAccessKey',
  input: { UserName: optional(ExistingUserNameType), AccessKeyId: AccessKeyIdType },
  output: {},
  targets: { user: userOrCaller('iam:DeleteAccessKey') },
  conditions: entityConditions,
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { user }, ports }, { AccessKeyId }) {
    const { accessKeyId, account } = await accessKeyOf(user, AccessKeyId, ports)
    return { output: {}, changes: changesIn(user, { kind: 'access key removed', accessKeyId, account }) }
  },
})
