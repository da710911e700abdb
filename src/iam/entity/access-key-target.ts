/** The owner of an access key, as a target. */
import { accessDenied } from '#aws/denial.ts'
import { rootArn } from '#base/arn.ts'
import { parseAccessKeyId } from '#base/brand.ts'
import type { UserRecord } from '#records/iam.ts'
import { conditionValue } from './conditions.ts'
import { callersAccount, entityArn, iamTarget, type AccountResource, type IamAction } from './target.ts'

/** Who owns the key: a user, or the root user when there is none. */
export interface OwnerResource extends AccountResource {
  readonly user: UserRecord | undefined
}

/** Keys of other accounts are denied as keys that do not exist are. */
export const ownerOfKey = (action: IamAction) =>
  iamTarget(
    action,
    async ({ AccessKeyId }: { readonly AccessKeyId: string }, facts, ports) => {
      const id = parseAccessKeyId(AccessKeyId)
      const accessKey = id === undefined ? undefined : await ports.storage.accessKey(id)
      const denied = accessDenied(
        `User: ${facts.callerArn} is not authorized to perform: ${action} on resource: access key ${AccessKeyId}`,
      )
      if (accessKey?.account !== facts.account) return denied
      const account = await callersAccount(facts, ports)
      const { principal } = accessKey
      if (principal.kind === 'root') {
        return { account, arn: rootArn(facts.region, account.account), user: undefined } satisfies OwnerResource
      }
      const user = await ports.storage.iamById('user', principal.userId)
      return user === undefined ? denied : ({ account, arn: entityArn(user, facts), user } satisfies OwnerResource)
    },
    (key, { user }: OwnerResource) => conditionValue(key, { tags: user?.tags ?? [], boundary: user?.boundary }, {}),
  )
