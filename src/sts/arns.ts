/** ARNs of whom sessions speak for, and of the roles that they are made from ("IAM identifiers", IAM User Guide). */
import { parseArn, partitionOf } from '#base/arn.ts'
import { parseAccountId, type AccountId, type Region } from '#base/brand.ts'
import type { OidcProviderRecord, RoleRecord } from '#records/iam.ts'

/** `arn:<partition>:iam::<account>:role/path/Name`, in the partition of `region`. */
export function roleArn(region: Region, { account, path, name }: RoleRecord): string {
  return `arn:${partitionOf(region)}:iam::${account}:role${path}${name}`
}

/** The ARN of a session has no path. */
export function roleSessionArn(region: Region, { account, name }: RoleRecord, sessionName: string): string {
  return `arn:${partitionOf(region)}:sts::${account}:assumed-role/${name}/${sessionName}`
}

export function federatedUserArn(region: Region, account: AccountId, name: string): string {
  return `arn:${partitionOf(region)}:sts::${account}:federated-user/${name}`
}

export function oidcProviderArn(region: Region, { account, name }: OidcProviderRecord): string {
  return `arn:${partitionOf(region)}:iam::${account}:oidc-provider/${name}`
}

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
