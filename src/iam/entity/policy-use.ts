/** Who uses managed policies, and for what. It is counted anew for each answer: no row keeps it, so none can be wrong. */
import type { AccountRecord } from '#records/identity.ts'
import type { IamPorts } from '../operation.ts'
import type { IamOf } from '#ports/storage.ts'
import { everyEntity, type PrincipalKind } from './target.ts'

/** A user, group or role. */
export type PolicyUser = IamOf<PrincipalKind>

export interface PolicyUse {
  /** How many users, groups and roles a policy is attached to. */
  attachments(arn: string): number
  /** Of how many users and roles it is the permissions boundary. */
  boundaries(arn: string): number
}

/** No policy is used: what is true of one that has just been made. */
export const unused: PolicyUse = { attachments: () => 0, boundaries: () => 0 }

/** Every user, group and role of an account, by kind and name. */
export async function policyUsers(
  account: Pick<AccountRecord, 'account'>,
  ports: IamPorts,
): Promise<readonly PolicyUser[]> {
  const groups = await everyEntity('group', account, ports)
  const roles = await everyEntity('role', account, ports)
  const users = await everyEntity('user', account, ports)
  return [...groups, ...roles, ...users]
}

/** The ARN of the permissions boundary, if there is one. */
export function boundaryOf(entity: PolicyUser): string | undefined {
  return entity.kind === 'group' ? undefined : entity.boundary
}

export async function policyUse(account: Pick<AccountRecord, 'account'>, ports: IamPorts): Promise<PolicyUse> {
  const attached = new Map<string, number>()
  const limiting = new Map<string, number>()
  const count = (counts: Map<string, number>, arn: string): void => {
    counts.set(arn, (counts.get(arn) ?? 0) + 1)
  }
  for (const entity of await policyUsers(account, ports)) {
    for (const arn of entity.attached) count(attached, arn)
    const boundary = boundaryOf(entity)
    if (boundary !== undefined) count(limiting, boundary)
  }
  return { attachments: (arn) => attached.get(arn) ?? 0, boundaries: (arn) => limiting.get(arn) ?? 0 }
}
