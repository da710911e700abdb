import { rootArn } from '#aws/arn.ts'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'

/** The caller of a request once its signature is verified. Users, role sessions and services join this union. */
export interface Caller {
  readonly kind: 'root'
  readonly account: AccountId
  readonly accessKeyId: AccessKeyId
}

/** The caller's ARN, in the partition of the region that was called. */
export function arnOf(caller: Caller, region: Region): string {
  return rootArn(region, caller.account)
}
