/** GetContextKeysForPrincipalPolicy: the condition keys that the policies of a user, group or role ask for. */
import { optional } from '#aws/shape.ts'
import { contextKeys } from '#policy/context-keys.ts'
import { entityConditions } from '../entity/conditions.ts'
import { existing } from '../entity/target.ts'
import { ArnType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { ContextKeyNamesType, PolicyInputListType } from '../simulation/members.ts'
import { inputPolicies } from '../simulation/request.ts'
import { policySource } from '../simulation/source.ts'

export const GetContextKeysForPrincipalPolicy = readOperation({
  name: 'GetContextKeysForPrincipalPolicy',
  input: { PolicySourceArn: ArnType, PolicyInputList: optional(PolicyInputListType) },
  output: { ContextKeyNames: optional(ContextKeyNamesType) },
  targets: { source: policySource('iam:GetContextKeysForPrincipalPolicy') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException'],
  async handle({ targets: { source }, ports }, { PolicyInputList }) {
    const policies = [
      ...(await ports.policies.identity(existing(source))),
      ...inputPolicies('PolicyInputList', PolicyInputList),
    ]
    return { ContextKeyNames: [...contextKeys(policies.map(({ policy }) => policy)).values()] }
  },
})
