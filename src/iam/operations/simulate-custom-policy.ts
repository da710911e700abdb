/** SimulateCustomPolicy: what policies that are stored nowhere would allow, decided as real requests are. */
import { list, optional, structure } from '#aws/shape.ts'
import { accountWide } from '../entity/target.ts'
import { readOperation } from '../operation.ts'
import { PolicyInputListType, simulationRequest, simulationResponse } from '../simulation/members.ts'
import { inputBoundary, inputPolicies, understood } from '../simulation/request.ts'
import { simulate } from '../simulation/simulate.ts'

export const SimulateCustomPolicy = readOperation({
  name: 'SimulateCustomPolicy',
  input: {
    PolicyInputList: PolicyInputListType,
    OrderedOrganizationPolicyInputList: optional(
      list(structure({ ServiceControlPolicyInputList: optional(PolicyInputListType) })),
    ),
    ...simulationRequest,
  },
  output: simulationResponse,
  targets: { account: accountWide('iam:SimulateCustomPolicy') },
  // Its scenarios are those of Amazon EC2.
  refuses: ['ResourceHandlingOption'],
  errors: ['InvalidInputException', 'PolicyEvaluationException'],
  handle({ facts, ports }, input) {
    const { PolicyInputList, PermissionsBoundaryPolicyInputList, OrderedOrganizationPolicyInputList = [] } = input
    const serviceControl = OrderedOrganizationPolicyInputList.map(({ ServiceControlPolicyInputList = [] }, level) =>
      ServiceControlPolicyInputList.map((text, index) => {
        const name = `OrderedOrganizationPolicyInputList.${level + 1}.${index + 1}`
        return { name, policy: understood(name, text) }
      }),
    )
    const simulated = {
      identity: inputPolicies('PolicyInputList', PolicyInputList),
      boundary: inputBoundary(PermissionsBoundaryPolicyInputList),
      serviceControl,
      resourceControl: [],
      caller: undefined,
    }
    return simulate('SimulateCustomPolicy', input, simulated, facts, ports)
  },
})
