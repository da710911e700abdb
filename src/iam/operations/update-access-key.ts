/** UpdateAccessKey: turns a key off or on. */
import { optional } from '#aws/shape.ts'
import { accessKeyOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, userOrCaller } from '../entity/target.ts'
import { AccessKeyIdType, ExistingUserNameType, StatusType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateAccessKey = changeOperation({
  name: 'UpdateAccessKey',
  input: { UserName: optional(ExistingUserNameType), AccessKeyId: AccessKeyIdType, Status: StatusType },
  output: {},
  targets: { user: userOrCaller('iam:UpdateAccessKey') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { user }, ports, fail }, { AccessKeyId, Status }) {
    const accessKey = await accessKeyOf(user, AccessKeyId, ports)
    // Unverified wording: AWS expires keys itself.
    if (Status === 'Expired')
      return fail('InvalidInputException', 'The status of an access key must be Active or Inactive.')
    const changed = { ...accessKey, status: Status }
    return { output: {}, changes: changesIn(user, { kind: 'access key changed', accessKey: changed }) }
  },
})
