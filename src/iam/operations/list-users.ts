/** ListUsers: the users of the account, by name. */
import { list, optional } from '#aws/shape.ts'
import { below } from '../entity/target.ts'
import { userShape } from '../entity/user.ts'
import { pageEnd, pageRequest, PathPrefixType, UserShape } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageFrom } from '../paging.ts'

export const ListUsers = readOperation({
  name: 'ListUsers',
  input: { PathPrefix: optional(PathPrefixType), ...pageRequest },
  output: { Users: list(UserShape), ...pageEnd },
  targets: { users: below('user', 'iam:ListUsers') },
  errors: ['ServiceFailureException'],
  async handle({ facts, ports }, input) {
    const { PathPrefix = '/' } = input
    const [users, end] = await pageFrom(
      { operation: 'ListUsers', of: [facts.account, PathPrefix] },
      input,
      (after, limit) => ports.storage.iamList(facts.account, 'user', after, limit),
      ({ name }) => name.toLowerCase(),
      ({ path }) => path.startsWith(PathPrefix),
    )
    return { Users: users.map((user) => userShape(user, facts)), ...end }
  },
})
