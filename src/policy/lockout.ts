import type { AccountId } from '#base/brand.ts'
import type { CompiledPolicy } from './compile.ts'
import type { RequestContext } from './context.ts'
import { principalOf } from './principals.ts'
import { closestAllow, findDeny, type Asked } from './search.ts'
import type { Subject } from './subject.ts'

/**
 * Whether the caller could still replace `policy` once it is the policy of the key in `account` ("Default key policy" and
 * PutKeyPolicy's BypassPolicyLockoutSafetyCheck). That the account may is enough: its administrators can give the right to
 * anybody. Policies of the caller and grants have no part in it. A policy that is not understood keeps nobody's access.
 */
export function keepsAccess(
  policy: CompiledPolicy,
  subject: Subject,
  context: RequestContext,
  keyArn: string,
  account: AccountId,
): boolean {
  if (policy.problem !== undefined || subject.account !== account) return false
  const asked: Asked = {
    action: 'kms:putkeypolicy',
    resource: keyArn,
    context,
    principal: principalOf(subject, false),
  }
  return findDeny(policy, 'resource', asked) === undefined && closestAllow(policy, 'resource', asked) !== undefined
}
