/** UpdateOpenIDConnectProviderThumbprint: other thumbprints in place of those that it had. */
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed, thumbprints } from '../entity/oidc-provider.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, ThumbprintListType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateOpenIDConnectProviderThumbprint = changeOperation({
  name: 'UpdateOpenIDConnectProviderThumbprint',
  input: { OpenIDConnectProviderArn: ArnType, ThumbprintList: ThumbprintListType },
  output: {},
  targets: { provider: providerNamed('iam:UpdateOpenIDConnectProviderThumbprint') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { provider } }, { ThumbprintList }) {
    const entity = { ...existingProvider(provider), thumbprints: thumbprints(ThumbprintList) }
    return { output: {}, changes: changesIn(provider, { kind: 'iam changed', entity }) }
  },
})
