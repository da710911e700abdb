/** UpdateAssumeRolePolicy: replaces the trust policy of a role. Sessions that there are go on. */
import { entityConditions } from '../entity/conditions.ts'
import { policyTextKept } from '../entity/inline.ts'
import { roleNamed } from '../entity/role.ts'
import { changesIn, existing } from '../entity/target.ts'
import { storedTrustPolicy } from '../entity/trust-policy.ts'
import { PolicyDocumentType, RoleNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateAssumeRolePolicy = changeOperation({
  name: 'UpdateAssumeRolePolicy',
  input: { RoleName: RoleNameType, PolicyDocument: PolicyDocumentType },
  output: {},
  targets: { role: roleNamed('iam:UpdateAssumeRolePolicy') },
  conditions: entityConditions,
  errors: [
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NoSuchEntityException',
    'ServiceFailureException',
    'UnmodifiableEntityException',
  ],
  async handle({ targets: { role }, facts, ports }, { PolicyDocument }) {
    const record = existing(role)
    const trustPolicy = await storedTrustPolicy(PolicyDocument, facts, ports)
    const entity = { ...record, trustPolicy }
    return {
      output: {},
      changes: changesIn(role, { kind: 'iam changed', entity }, policyTextKept(trustPolicy, facts)),
    }
  },
})
