import type { AccountId, AliasName, KeyArn, KeyId, Region } from './brand.ts'

/** The partition that a region belongs to (AWS General Reference, "Amazon Resource Names"). */
export function partitionOf(region: Region): 'aws' | 'aws-cn' | 'aws-us-gov' {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  return 'aws'
}

/** The ARN of a key. */
export function keyArn(region: Region, account: AccountId, keyId: KeyId): KeyArn {
  return `arn:${partitionOf(region)}:kms:${region}:${account}:key/${keyId}` as KeyArn
}

/** The ARN of an alias; `name` begins with `alias/`. */
export function aliasArn(region: Region, account: AccountId, name: AliasName): string {
  return `arn:${partitionOf(region)}:kms:${region}:${account}:${name}`
}

/** The ARN of an account's root user, in the partition of `region`. */
export function rootArn(region: Region, account: AccountId): string {
  return `arn:${partitionOf(region)}:iam::${account}:root`
}

/** The parts of an ARN; `resource` is all behind the fifth colon. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  readonly resource: string
}

/** Splits `text`, or answers undefined when it is not an ARN of six parts. */
export function parseArn(text: string): Arn | undefined {
  const parts = text.split(':')
  const [scheme, partition, service, region, account] = parts
  if (scheme !== 'arn' || parts.length < 6) return undefined
  if (partition === undefined || service === undefined || region === undefined || account === undefined)
    return undefined
  return { partition, service, region, account, resource: parts.slice(5).join(':') }
}

/**
 * The ARN of what IAM stores ("IAM identifiers", IAM User Guide): `kind` is `user`, `group`, `role`, `policy`..., `path` begins
 * and ends with a slash.
 */
export function iamArn(partition: string, account: AccountId, kind: string, path: string, name: string): string {
  return `arn:${partition}:iam::${account}:${kind}${path}${name}`
}

/** The ARN of a role's session: without the role's path. */
export function roleSessionArn(partition: string, account: AccountId, roleName: string, sessionName: string): string {
  return `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`
}

/** The ARN of whom GetFederationToken vouches for. */
export function federatedUserArn(partition: string, account: AccountId, name: string): string {
  return `arn:${partition}:sts::${account}:federated-user/${name}`
}
