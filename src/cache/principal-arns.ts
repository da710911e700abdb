/** ARNs of what IAM stores ("IAM identifiers", IAM User Guide), in one partition. */
import type { AccountId } from '#base/brand.ts'
import type { ManagedPolicyRecord, RoleRecord, UserRecord } from '#records/iam.ts'

/** Users, roles and managed policies, by path and name. */
export function iamArn(partition: string, entity: UserRecord | RoleRecord | ManagedPolicyRecord): string {
  return `arn:${partition}:iam::${entity.account}:${entity.kind}${entity.path}${entity.name}`
}

/** A session of a role: without the role's path. */
export function roleSessionArn(partition: string, role: RoleRecord, sessionName: string): string {
  return `arn:${partition}:sts::${role.account}:assumed-role/${role.name}/${sessionName}`
}

export function federatedUserArn(partition: string, account: AccountId, name: string): string {
  return `arn:${partition}:sts::${account}:federated-user/${name}`
}
