/** UntagOpenIDConnectProvider: removes tags from an OIDC provider; those that it does not have are ignored. */
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { withoutTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, TagKeyListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UntagOpenIDConnectProvider = changeOperation({
  name: 'UntagOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType, TagKeys: TagKeyListType },
  output: {},
  targets: { provider: providerNamed('iam:UntagOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { provider } }, { TagKeys }) {
    const record = existingProvider(provider)
    const entity = { ...record, tags: withoutTags(record.tags, TagKeys) }
    return { output: {}, changes: changesIn(provider, { kind: 'iam changed', entity }) }
  },
})
