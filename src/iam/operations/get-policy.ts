/** GetPolicy: a managed policy, and how often it is used. */
import { optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { policyUse } from '../entity/policy-use.ts'
import { existingPolicy, policyDetail, policyNamed } from '../entity/policy.ts'
import { ArnType, PolicyShape } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetPolicy = readOperation({
  name: 'GetPolicy',
  input: { PolicyArn: ArnType },
  output: { Policy: optional(PolicyShape) },
  targets: { policy: policyNamed('iam:GetPolicy') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: async ({ targets: { policy }, ports }) => ({
    Policy: policyDetail(existingPolicy(policy), await policyUse(policy.account, ports)),
  }),
})
