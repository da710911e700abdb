/** ListInstanceProfilesForRole: none, for there are no instances here. Tools ask before they delete a role. */
import { list } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { roleNamed } from '../entity/role.ts'
import { existing } from '../entity/target.ts'
import { InstanceProfileShape, pageEnd, pageRequest, RoleNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListInstanceProfilesForRole = readOperation({
  name: 'ListInstanceProfilesForRole',
  input: { RoleName: RoleNameType, ...pageRequest },
  output: { InstanceProfiles: list(InstanceProfileShape), ...pageEnd },
  targets: { role: roleNamed('iam:ListInstanceProfilesForRole') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { role } }) {
    existing(role)
    return { InstanceProfiles: [], IsTruncated: false }
  },
})
