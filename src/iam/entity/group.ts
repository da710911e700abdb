/** Groups: as targets, as answers show them, and who is in them. */
import type { RequestFacts } from '#aws/operation.ts'
import type { GroupRecord, UserRecord } from '#records/iam.ts'
import type { IamPorts } from '../operation.ts'
import type { ConditionInput } from './conditions.ts'
import { entityArn, entityTarget, everyEntity, newEntityTarget, type IamAction } from './target.ts'

/** A user may be in as many groups. */
export const groupsPerUser = 10

/** The group that GroupName names. */
export const groupNamed = (action: IamAction) =>
  entityTarget('group', action, ({ GroupName }: { readonly GroupName: string } & ConditionInput) => GroupName)

export function groupShape(group: GroupRecord, facts: RequestFacts) {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: entityArn(group, facts),
    CreateDate: new Date(group.creationDate),
  }
}

type NewGroup = ConditionInput & { readonly GroupName: string; readonly Path?: string | undefined }

/** The group that CreateGroup makes. */
export const newGroup = (action: IamAction) => newEntityTarget('group', action, ({ GroupName }: NewGroup) => GroupName)

/** The users in a group, by name. */
export async function membersOf(group: GroupRecord, ports: IamPorts): Promise<readonly UserRecord[]> {
  const users = await everyEntity('user', group, ports)
  return users.filter(({ groups }) => groups.includes(group.id))
}

/** The groups that a user is in. */
export async function groupsOf(user: UserRecord, { storage }: IamPorts): Promise<readonly GroupRecord[]> {
  const groups: GroupRecord[] = []
  for (const id of user.groups) {
    const group = await storage.iamById('group', id)
    if (group?.account === user.account) groups.push(group)
  }
  return groups
}
