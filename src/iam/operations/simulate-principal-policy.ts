/** SimulatePrincipalPolicy: what a user, group or role may do, decided as real requests are. */
import { list, optional, string, structure } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { ArnType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { PolicyInputListType, simulationRequest, simulationResponse } from '../simulation/members.ts'
import { simulate } from '../simulation/simulate.ts'
import { policySource, simulatedPolicies } from '../simulation/source.ts'

const PolicyIdentifier = structure({
  PolicyType: optional(string()),
  PolicyArn: optional(string()),
  InlinePolicyIdentifier: optional(
    structure({ PolicyName: string(), AttachmentType: string(), AttachmentName: string() }),
  ),
})

export const SimulatePrincipalPolicy = readOperation({
  name: 'SimulatePrincipalPolicy',
  input: {
    PolicySourceArn: ArnType,
    PolicyInputList: optional(PolicyInputListType),
    PolicyExclusionList: optional(list(PolicyIdentifier)),
    ...simulationRequest,
  },
  output: simulationResponse,
  targets: { source: policySource('iam:SimulatePrincipalPolicy') },
  conditions: entityConditions,
  // Its scenarios are those of Amazon EC2.
  refuses: ['PolicyExclusionList', 'ResourceHandlingOption'],
  errors: ['InvalidInputException', 'NoSuchEntityException', 'PolicyEvaluationException'],
  async handle({ targets: { source }, facts, ports }, input) {
    const simulated = await simulatedPolicies(source, input, facts, ports)
    return simulate('SimulatePrincipalPolicy', input, simulated, facts, ports)
  },
})
