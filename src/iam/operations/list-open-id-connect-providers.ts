/** ListOpenIDConnectProviders: the ARNs of all of them. */
import { list, optional, structure } from '#aws/shape.ts'
import { below, entityArn, everyEntity } from '../entity/target.ts'
import { ArnType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListOpenIDConnectProviders = readOperation({
  name: 'ListOpenIDConnectProviders',
  input: {},
  output: { OpenIDConnectProviderList: optional(list(structure({ Arn: optional(ArnType) }))) },
  targets: { providers: below('oidc-provider', 'iam:ListOpenIDConnectProviders') },
  errors: ['ServiceFailureException'],
  async handle({ targets: { providers }, facts, ports }) {
    const found = await everyEntity('oidc-provider', providers.account, ports)
    return { OpenIDConnectProviderList: found.map((provider) => ({ Arn: entityArn(provider, facts) })) }
  },
})
