/** PutRolePolicy: embeds a policy in a role, or replaces it. */
import { entityConditions } from '../entity/conditions.ts'
import { putInline } from '../entity/inline.ts'
import { roleNamed } from '../entity/role.ts'
import { RoleNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutRolePolicy = changeOperation({
  name: 'PutRolePolicy',
  input: { RoleName: RoleNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  output: {},
  targets: { role: roleNamed('iam:PutRolePolicy') },
  conditions: entityConditions,
  errors: [
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NoSuchEntityException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  handle: ({ targets: { role }, facts }, input) => ({ output: {}, changes: putInline(role, input, facts) }),
})
