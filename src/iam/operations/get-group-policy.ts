/** GetGroupPolicy: a policy embedded in a group. */
import { entityConditions } from '../entity/conditions.ts'
import { groupNamed } from '../entity/group.ts'
import { getInline } from '../entity/inline.ts'
import { GroupNameType, PolicyDocumentType, PolicyNameType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetGroupPolicy = readOperation({
  name: 'GetGroupPolicy',
  input: { GroupName: GroupNameType, PolicyName: PolicyNameType },
  output: { GroupName: GroupNameType, PolicyName: PolicyNameType, PolicyDocument: PolicyDocumentType },
  targets: { group: groupNamed('iam:GetGroupPolicy') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { group } }, input) {
    const { entity, ...policy } = getInline(group, input)
    return { GroupName: entity, ...policy }
  },
})
