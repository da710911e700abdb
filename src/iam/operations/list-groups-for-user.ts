/** ListGroupsForUser: the groups that a user is in, by name. */
import { list } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { groupShape, groupsOf } from '../entity/group.ts'
import { existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, GroupShape, pageEnd, pageRequest } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

export const ListGroupsForUser = readOperation({
  name: 'ListGroupsForUser',
  input: { UserName: ExistingUserNameType, ...pageRequest },
  output: { Groups: list(GroupShape), ...pageEnd },
  targets: { user: userNamed('iam:ListGroupsForUser') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  async handle({ targets: { user }, facts, ports }, input) {
    const record = existing(user)
    const groups = await groupsOf(record, ports)
    const listing = { operation: 'ListGroupsForUser', of: [record.id] }
    const [page, end] = pageOf(listing, input, groups, ({ name }) => name.toLowerCase())
    return { Groups: page.map((group) => groupShape(group, facts)), ...end }
  },
})
