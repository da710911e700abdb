/** ListGroups: the groups of the account, by name. */
import { list, optional } from '#aws/shape.ts'
import { groupShape } from '../entity/group.ts'
import { below } from '../entity/target.ts'
import { GroupShape, pageEnd, pageRequest, PathPrefixType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageFrom } from '../paging.ts'

export const ListGroups = readOperation({
  name: 'ListGroups',
  input: { PathPrefix: optional(PathPrefixType), ...pageRequest },
  output: { Groups: list(GroupShape), ...pageEnd },
  targets: { groups: below('group', 'iam:ListGroups') },
  errors: ['ServiceFailureException'],
  async handle({ facts, ports }, input) {
    const { PathPrefix = '/' } = input
    const [groups, end] = await pageFrom(
      { operation: 'ListGroups', of: [facts.account, PathPrefix] },
      input,
      (after, limit) => ports.storage.iamList(facts.account, 'group', after, limit),
      ({ name }) => name.toLowerCase(),
      ({ path }) => path.startsWith(PathPrefix),
    )
    return { Groups: groups.map((group) => groupShape(group, facts)), ...end }
  },
})
