/** SetDefaultPolicyVersion: which version of a managed policy counts. */
import { entityConditions } from '../entity/conditions.ts'
import { ownPolicy, policyNamed, versionOf } from '../entity/policy.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, PolicyVersionIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const SetDefaultPolicyVersion = changeOperation({
  name: 'SetDefaultPolicyVersion',
  input: { PolicyArn: ArnType, VersionId: PolicyVersionIdType },
  output: {},
  targets: { policy: policyNamed('iam:SetDefaultPolicyVersion') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { policy }, facts }, { PolicyArn, VersionId }) {
    const record = ownPolicy(policy, 'iam:SetDefaultPolicyVersion', facts)
    const { id } = versionOf({ ...record, arn: PolicyArn }, VersionId)
    const entity = { ...record, defaultVersion: id }
    return { output: {}, changes: changesIn(policy, { kind: 'iam changed', entity }) }
  },
})
