/** RemoveClientIDFromOpenIDConnectProvider: an audience whose tokens are not taken any more. One that it has not is no error. */
import { entityConditions } from '../entity/conditions.ts'
import { existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, ClientIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const RemoveClientIDFromOpenIDConnectProvider = changeOperation({
  name: 'RemoveClientIDFromOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType, ClientID: ClientIdType },
  output: {},
  targets: { provider: providerNamed('iam:RemoveClientIDFromOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { provider } }, { ClientID }) {
    const record = existingProvider(provider)
    if (!record.clientIds.includes(ClientID)) return { output: {}, changes: [] }
    const entity = { ...record, clientIds: record.clientIds.filter((id) => id !== ClientID) }
    return { output: {}, changes: changesIn(provider, { kind: 'iam changed', entity }) }
  },
})
