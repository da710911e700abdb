/** TagOpenIDConnectProvider: adds tags to an OIDC provider; the value of a tag that it has is replaced. */
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, TagListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const TagOpenIDConnectProvider = changeOperation({
  name: 'TagOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType, Tags: TagListType },
  output: {},
  targets: { provider: providerNamed('iam:TagOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { provider }, fail }, { Tags }) {
    const record = existingProvider(provider)
    const entity = { ...record, tags: mergeTags(record.tags, Tags, fail) }
    return { output: {}, changes: changesIn(provider, { kind: 'iam changed', entity }) }
  },
})
