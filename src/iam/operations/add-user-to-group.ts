/** AddUserToGroup: who is in the group already stays in it. */
import { groupNamed, groupsPerUser } from '../entity/group.ts'
import { changesIn, entityNamed, existing } from '../entity/target.ts'
import { ExistingUserNameType, GroupNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const AddUserToGroup = changeOperation({
  name: 'AddUserToGroup',
  input: { GroupName: GroupNameType, UserName: ExistingUserNameType },
  output: {},
  targets: { group: groupNamed('iam:AddUserToGroup') },
  errors: ['LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { group }, facts, ports, fail }, { UserName }) {
    const { id } = existing(group)
    const user = existing(await entityNamed('user', UserName, facts, ports))
    if (user.groups.includes(id)) return { output: {}, changes: [] }
    if (user.groups.length >= groupsPerUser) {
      fail('LimitExceededException', `Cannot exceed quota for GroupsPerUser: ${groupsPerUser}`)
    }
    const entity = { ...user, groups: [...user.groups, id] }
    return { output: {}, changes: changesIn(group, { kind: 'iam changed', entity }) }
  },
})
