import { parseArn } from '#base/arn.ts'
import { parseAccountId, type AccountId } from '#base/brand.ts'

/** What an ARN of a role names, its path aside; undefined when it is no ARN of a role. */
export interface RoleName {
  readonly account: AccountId
  readonly name: string
}

export function parseRoleArn(text: string): RoleName | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'iam' || arn.region !== '' || !arn.resource.startsWith('role/')) return undefined
  const account = parseAccountId(arn.account)
  const name = arn.resource.slice(arn.resource.lastIndexOf('/') + 1)
  return account === undefined || name === '' ? undefined : { account, name }
}
