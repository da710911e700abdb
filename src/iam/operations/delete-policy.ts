/** DeletePolicy: a managed policy that nobody uses, with its only version. */
import { entityConditions } from '../entity/conditions.ts'
import { policyUse } from '../entity/policy-use.ts'
import { ownPolicy, policyNamed } from '../entity/policy.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeletePolicy = changeOperation({
  name: 'DeletePolicy',
  input: { PolicyArn: ArnType },
  output: {},
  targets: { policy: policyNamed('iam:DeletePolicy') },
  conditions: entityConditions,
  errors: [
    'DeleteConflictException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  async handle({ targets: { policy }, facts, ports, fail }, { PolicyArn }) {
    const { account, id, versions } = ownPolicy(policy, 'iam:DeletePolicy', facts)
    const use = await policyUse(policy.account, ports)
    // What is missing as a boundary denies everything, so that it counts as well.
    if (use.attachments(PolicyArn) + use.boundaries(PolicyArn) > 0) {
      fail('DeleteConflictException', 'Cannot delete a policy attached to entities.')
    }
    if (versions.length > 1) {
      fail(
        'DeleteConflictException',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
          'The default version is deleted with the policy.',
      )
    }
    return { output: {}, changes: changesIn(policy, { kind: 'iam removed', account, of: 'policy', id }) }
  },
})
