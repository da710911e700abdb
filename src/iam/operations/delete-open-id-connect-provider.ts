/** DeleteOpenIDConnectProvider: no token of the issuer is taken any more. One that is not there is no error, as AWS says. */
import { entityConditions } from '../entity/conditions.ts'
import { providerNamed } from '../entity/oidc-provider.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteOpenIDConnectProvider = changeOperation({
  name: 'DeleteOpenIDConnectProvider',
  input: { OpenIDConnectProviderArn: ArnType },
  output: {},
  targets: { provider: providerNamed('iam:DeleteOpenIDConnectProvider') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { provider } }) {
    if (provider.record === undefined) return { output: {}, changes: [] }
    const { account, id } = provider.record
    return { output: {}, changes: changesIn(provider, { kind: 'iam removed', account, of: 'oidc-provider', id }) }
  },
})
