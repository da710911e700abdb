/** CreateServiceLinkedRole: no service has roles here. */
import { optional, string } from '#aws/shape.ts'
import { serviceLinkedRole } from '../entity/service-linked-role.ts'
import { GroupNameType, RoleDescriptionType, RoleShape } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateServiceLinkedRole = changeOperation({
  name: 'CreateServiceLinkedRole',
  input: {
    AWSServiceName: GroupNameType,
    Description: optional(RoleDescriptionType),
    CustomSuffix: optional(string({ min: 1, max: 64, pattern: '[\\w+=,.@-]+' })),
  },
  output: { Role: optional(RoleShape) },
  targets: { role: serviceLinkedRole('iam:CreateServiceLinkedRole') },
  errors: ['InvalidInputException', 'LimitExceededException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ fail }, { AWSServiceName }) =>
    fail('InvalidInputException', `Cannot find Service Linked Role template for ${AWSServiceName}`),
})
