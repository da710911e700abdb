/** PutRolePermissionsBoundary: the policy that limits what a role may do at most. */
import { requirePolicy } from '../entity/boundary.ts'
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, existing } from '../entity/target.ts'
import { roleNamed } from '../entity/role.ts'
import { ArnType, RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutRolePermissionsBoundary = changeOperation({
  name: 'PutRolePermissionsBoundary',
  input: { RoleName: RoleNameType, PermissionsBoundary: ArnType },
  output: {},
  targets: { role: roleNamed('iam:PutRolePermissionsBoundary') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'NoSuchEntityException',
    'PolicyNotAttachableException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  async handle({ targets: { role }, facts, ports }, { PermissionsBoundary }) {
    const record = existing(role)
    await requirePolicy(PermissionsBoundary, facts, ports)
    const entity = { ...record, boundary: PermissionsBoundary }
    return { output: {}, changes: changesIn(role, { kind: 'iam changed', entity }) }
  },
})
