/** ListOpenIDConnectProviderTags: the tags of an OIDC provider. */
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { pageOfTags } from '../entity/tags.ts'
import { ArnType, pageEnd, pageRequest, TagListType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListOpenIDConnectProviderTags = readOperation({
  name: 'ListOpenIDConnectProviderTags',
  input: { OpenIDConnectProviderArn: ArnType, ...pageRequest },
  output: { Tags: TagListType, ...pageEnd },
  targets: { provider: providerNamed('iam:ListOpenIDConnectProviderTags') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle: ({ targets: { provider } }, input) =>
    pageOfTags('ListOpenIDConnectProviderTags', existingProvider(provider), input),
})
