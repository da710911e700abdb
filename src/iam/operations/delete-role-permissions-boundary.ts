/** DeleteRolePermissionsBoundary: nothing limits the role any more but its policies. */
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, existing } from '../entity/target.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteRolePermissionsBoundary = changeOperation({
  name: 'DeleteRolePermissionsBoundary',
  input: { RoleName: RoleNameType },
  output: {},
  targets: { role: roleNamed('iam:DeleteRolePermissionsBoundary') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException', 'UnmodifiableEntityException'],
  handle({ targets: { role } }) {
    const record = existing(role)
    if (record.boundary === undefined) return { output: {}, changes: [] }
    const entity = { ...record, boundary: undefined }
    return { output: {}, changes: changesIn(role, { kind: 'iam changed', entity }) }
  },
})
