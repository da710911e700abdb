/** AddClientIDToOpenIDConnectProvider: one more audience whose tokens are taken. */
import { entityConditions } from '../entity/conditions.ts'
import { clientIds, existingProvider, providerNamed } from '../entity/oidc-provider.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, ClientIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const AddClientIDToOpenIDConnectProvider = changeOperation({
  name: 'AddClientIDToOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType, ClientID: ClientIdType },
  output: {},
  targets: { provider: providerNamed('iam:AddClientIDToOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { provider } }, { ClientID }) {
    const record = existingProvider(provider)
    if (record.clientIds.includes(ClientID)) return { output: {}, changes: [] }
    const entity = { ...record, clientIds: clientIds([...record.clientIds, ClientID]) }
    return { output: {}, changes: changesIn(provider, { kind: 'iam changed', entity }) }
  },
})
