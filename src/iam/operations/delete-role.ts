/** DeleteRole: a role that has no policies any more. Its sessions end with it; its id is never used again. */
import { entityConditions } from '../entity/conditions.ts'
import { requireNoPolicies } from '../entity/emptiness.ts'
import { roleNamed } from '../entity/role.ts'
import { changesIn, existing } from '../entity/target.ts'
import { RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteRole = changeOperation({
  name: 'DeleteRole',
  input: { RoleName: RoleNameType },
  output: {},
  targets: { role: roleNamed('iam:DeleteRole') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'DeleteConflictException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  handle({ targets: { role }, fail }) {
    const { account, id, inline, attached } = existing(role)
    requireNoPolicies({ inline, attached }, fail)
    return { output: {}, changes: changesIn(role, { kind: 'iam removed', account, of: 'role', id }) }
  },
})
