import { iamArn } from '#base/arn.ts'
import type { ManagedPolicyRecord, RoleRecord, UserRecord } from '#records/iam.ts'

/** The ARN of a stored user, role or managed policy. */
export function arnOf(partition: string, entity: UserRecord | RoleRecord | ManagedPolicyRecord): string {
  return iamArn(partition, entity.account, entity.kind, entity.path, entity.name)
}
