/** DeletePolicyVersion: a version of a managed policy that does not count. */
import { entityConditions } from '../entity/conditions.ts'
import { ownPolicy, policyNamed, versionOf } from '../entity/policy.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, PolicyVersionIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeletePolicyVersion = changeOperation({
  name: 'DeletePolicyVersion',
  input: { PolicyArn: ArnType, VersionId: PolicyVersionIdType },
  output: {},
  targets: { policy: policyNamed('iam:DeletePolicyVersion') },
  conditions: entityConditions,
  errors: [
    'DeleteConflictException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { policy }, facts, fail }, { PolicyArn, VersionId }) {
    const record = ownPolicy(policy, 'iam:DeletePolicyVersion', facts)
    const { id } = versionOf({ ...record, arn: PolicyArn }, VersionId)
    if (id === record.defaultVersion) {
      fail('DeleteConflictException', 'Cannot delete the default version of a policy.')
    }
    const entity = { ...record, versions: record.versions.filter((version) => version.id !== id) }
    return { output: {}, changes: changesIn(policy, { kind: 'iam changed', entity }) }
  },
})
