/** ListRoles: the roles of the account, by name. */
import { list, optional } from '#aws/shape.ts'
import { roleShape } from '../entity/role.ts'
import { below } from '../entity/target.ts'
import { pageEnd, pageRequest, PathPrefixType, RoleShape } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageFrom } from '../paging.ts'

export const ListRoles = readOperation({
  name: 'ListRoles',
  input: { PathPrefix: optional(PathPrefixType), ...pageRequest },
  output: { Roles: list(RoleShape), ...pageEnd },
  targets: { roles: below('role', 'iam:ListRoles') },
  errors: ['ServiceFailureException'],
  async handle({ facts, ports }, input) {
    const { PathPrefix = '/' } = input
    const [roles, end] = await pageFrom(
      { operation: 'ListRoles', of: [facts.account, PathPrefix] },
      input,
      (after, limit) => ports.storage.iamList(facts.account, 'role', after, limit),
      ({ name }) => name.toLowerCase(),
      ({ path }) => path.startsWith(PathPrefix),
    )
    return { Roles: await Promise.all(roles.map((role) => roleShape(role, facts, ports))), ...end }
  },
})
