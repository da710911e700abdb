/** ListSAMLProviders: SAML is not served. */
import { list, optional, structure } from '#aws/shape.ts'
import { accountWide } from '../entity/target.ts'
import { ArnType, DateType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListSAMLProviders = readOperation({
  name: 'ListSAMLProviders',
  input: {},
  output: {
    SAMLProviderList: optional(
      list(structure({ Arn: optional(ArnType), ValidUntil: optional(DateType), CreateDate: optional(DateType) })),
    ),
  },
  targets: { account: accountWide('iam:ListSAMLProviders') },
  errors: ['ServiceFailureException'],
  handle: () => ({ SAMLProviderList: [] }),
})
