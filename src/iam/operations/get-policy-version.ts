/** GetPolicyVersion: one version of a managed policy, with its document. */
import { optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { existingPolicy, policyNamed, versionDetail, versionOf } from '../entity/policy.ts'
import { ArnType, PolicyVersionIdType, PolicyVersionShape } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetPolicyVersion = readOperation({
  name: 'GetPolicyVersion',
  input: { PolicyArn: ArnType, VersionId: PolicyVersionIdType },
  output: { PolicyVersion: optional(PolicyVersionShape) },
  targets: { policy: policyNamed('iam:GetPolicyVersion') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { policy } }, { VersionId }) {
    const known = existingPolicy(policy)
    return { PolicyVersion: versionDetail(versionOf(known, VersionId), known) }
  },
})
