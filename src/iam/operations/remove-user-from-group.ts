/** RemoveUserFromGroup: who is not in the group is no error. */
import { groupNamed } from '../entity/group.ts'
import { changesIn, entityNamed, existing } from '../entity/target.ts'
import { ExistingUserNameType, GroupNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const RemoveUserFromGroup = changeOperation({
  name: 'RemoveUserFromGroup',
  input: { GroupName: GroupNameType, UserName: ExistingUserNameType },
  output: {},
  targets: { group: groupNamed('iam:RemoveUserFromGroup') },
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { group }, facts, ports }, { UserName }) {
    const { id } = existing(group)
    const user = existing(await entityNamed('user', UserName, facts, ports))
    if (!user.groups.includes(id)) return { output: {}, changes: [] }
    const entity = { ...user, groups: user.groups.filter((other) => other !== id) }
    return { output: {}, changes: changesIn(group, { kind: 'iam changed', entity }) }
  },
})
