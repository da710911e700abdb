/** GetGroup: a group and the users in it, by name. */
import { list } from '#aws/shape.ts'
import { groupNamed, groupShape, membersOf } from '../entity/group.ts'
import { existing } from '../entity/target.ts'
import { userShape } from '../entity/user.ts'
import { GroupNameType, GroupShape, pageEnd, pageRequest, UserShape } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

export const GetGroup = readOperation({
  name: 'GetGroup',
  input: { GroupName: GroupNameType, ...pageRequest },
  output: { Group: GroupShape, Users: list(UserShape), ...pageEnd },
  targets: { group: groupNamed('iam:GetGroup') },
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { group }, facts, ports }, input) {
    const record = existing(group)
    const members = await membersOf(record, ports)
    const [page, end] = pageOf({ operation: 'GetGroup', of: [record.id] }, input, members, ({ name }) =>
      name.toLowerCase(),
    )
    return { Group: groupShape(record, facts), Users: page.map((user) => userShape(user, facts)), ...end }
  },
})
