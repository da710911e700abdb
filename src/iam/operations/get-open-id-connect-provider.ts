/** GetOpenIDConnectProvider: the issuer, without its scheme, and whose tokens are taken. */
import { list, optional, string } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { wireTags } from '../entity/tags.ts'
import { ArnType, ClientIdType, DateType, TagListType, ThumbprintListType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetOpenIDConnectProvider = readOperation({
  name: 'GetOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType },
  output: {
    Url: optional(string({ min: 1, max: 255 })),
    ClientIDList: optional(list(ClientIdType)),
    ThumbprintList: optional(ThumbprintListType),
    CreateDate: optional(DateType),
    Tags: optional(TagListType),
  },
  targets: { provider: providerNamed('iam:GetOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { provider } }) {
    const { name, clientIds, thumbprints, creationDate, tags } = existingProvider(provider)
    return {
      Url: name,
      ClientIDList: clientIds,
      ThumbprintList: thumbprints,
      CreateDate: new Date(creationDate),
      ...(tags.length === 0 ? {} : { Tags: wireTags(tags) }),
    }
  },
})
