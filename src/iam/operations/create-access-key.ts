/** CreateAccessKey: a key for a user, or for the caller. This answer alone shows its secret. */
import { optional, secretText, structure } from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { accessKeysOf, accessKeysPerUser, ownerOf } from '../entity/access-key.ts'
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, userOrCaller } from '../entity/target.ts'
import { newAccessKeyId, newSecret } from '../entity/unique-ids.ts'
import { AccessKeyIdType, DateType, ExistingUserNameType, StatusType, UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateAccessKey = changeOperation({
  name: 'CreateAccessKey',
  input: { UserName: optional(ExistingUserNameType) },
  output: {
    AccessKey: structure({
      UserName: optional(UserNameType),
      AccessKeyId: AccessKeyIdType,
      Status: StatusType,
      SecretAccessKey: secretText(),
      CreateDate: optional(DateType),
    }),
  },
  targets: { user: userOrCaller('iam:CreateAccessKey') },
  conditions: entityConditions,
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  recorded: ['AccessKey'],
  async handle({ targets: { user }, facts, ports, fail }) {
    const { name, id } = ownerOf(user)
    if ((await accessKeysOf(user, ports)).length >= accessKeysPerUser) {
      fail('LimitExceededException', `Cannot exceed quota for AccessKeysPerUser: ${accessKeysPerUser}`)
    }
    const owner = { account: facts.account, accessKeyId: newAccessKeyId(ports.random) }
    const secret = newSecret(ports.random)
    const accessKey: AccessKeyRecord = {
      ...owner,
      principal: id === undefined ? { kind: 'root' } : { kind: 'user', userId: id },
      status: 'Active',
      creationDate: facts.now,
      ...ports.sealSecret(owner, secret),
    }
    return {
      output: {
        AccessKey: {
          UserName: name,
          AccessKeyId: owner.accessKeyId,
          Status: accessKey.status,
          SecretAccessKey: new SecretBytes(secret),
          CreateDate: new Date(facts.now),
        },
      },
      changes: changesIn(user, { kind: 'access key added', accessKey }),
    }
  },
})
