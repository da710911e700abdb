/** CreateOpenIDConnectProvider: an issuer whose tokens roles may trust. Nothing is asked of it yet. */
import { list, optional, string } from '#aws/shape.ts'
import type { OidcProviderRecord } from '#records/iam.ts'
import { entityConditions } from '../entity/conditions.ts'
import { clientIds, newProvider, newProviderTags, thumbprints } from '../entity/oidc-provider.ts'
import { mergeTags, wireTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, ClientIdType, TagListType, ThumbprintListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateOpenIDConnectProvider = changeOperation({
  name: 'CreateOpenIDConnectProvider',
  input: {
    Url: string({ min: 1, max: 255 }),
    ClientIDList: optional(list(ClientIdType)),
    ThumbprintList: optional(ThumbprintListType),
    Tags: optional(TagListType),
  },
  output: { OpenIDConnectProviderArn: optional(ArnType), Tags: optional(TagListType) },
  targets: { provider: newProvider('iam:CreateOpenIDConnectProvider'), tags: newProviderTags },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'EntityAlreadyExistsException',
    'InvalidInputException',
    'LimitExceededException',
    'OpenIdIdpCommunicationErrorException',
    'ServiceFailureException',
  ],
  recorded: ['OpenIDConnectProviderArn', 'Tags'],
  handle({ targets: { provider }, facts, fail }, { Url, ClientIDList = [], ThumbprintList = [], Tags = [] }) {
    if (provider.record !== undefined) {
      fail('EntityAlreadyExistsException', `Provider with url ${Url} already exists.`)
    }
    const tags = mergeTags([], Tags, fail)
    const entity: OidcProviderRecord = {
      kind: 'oidc-provider',
      account: facts.account,
      id: provider.name,
      name: provider.name,
      creationDate: facts.now,
      url: Url,
      clientIds: clientIds(ClientIDList),
      thumbprints: thumbprints(ThumbprintList),
      tags,
    }
    return {
      output: { OpenIDConnectProviderArn: provider.arn, ...(tags.length === 0 ? {} : { Tags: wireTags(tags) }) },
      changes: changesIn(provider, { kind: 'iam added', entity }),
    }
  },
})
