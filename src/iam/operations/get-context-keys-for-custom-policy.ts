/** GetContextKeysForCustomPolicy: the condition keys that policies ask for. */
import { optional } from '#aws/shape.ts'
import { contextKeys } from '#policy/context-keys.ts'
import { accountWide } from '../entity/target.ts'
import { readOperation } from '../operation.ts'
import { ContextKeyNamesType, PolicyInputListType } from '../simulation/members.ts'
import { inputPolicies } from '../simulation/request.ts'

export const GetContextKeysForCustomPolicy = readOperation({
  name: 'GetContextKeysForCustomPolicy',
  input: { PolicyInputList: PolicyInputListType },
  output: { ContextKeyNames: optional(ContextKeyNamesType) },
  targets: { account: accountWide('iam:GetContextKeysForCustomPolicy') },
  errors: ['InvalidInputException'],
  handle(_context, { PolicyInputList }) {
    const policies = inputPolicies('PolicyInputList', PolicyInputList)
    return { ContextKeyNames: [...contextKeys(policies.map(({ policy }) => policy)).values()] }
  },
})
