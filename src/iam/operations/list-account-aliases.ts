/** ListAccountAliases: accounts have no aliases here. */
import { list, string } from '#aws/shape.ts'
import { accountWide } from '../entity/target.ts'
import { pageEnd, pageRequest } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListAccountAliases = readOperation({
  name: 'ListAccountAliases',
  input: { ...pageRequest },
  output: {
    AccountAliases: list(string({ min: 3, max: 63, pattern: '^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$' })),
    ...pageEnd,
  },
  targets: { account: accountWide('iam:ListAccountAliases') },
  errors: ['ServiceFailureException'],
  handle: () => ({ AccountAliases: [], IsTruncated: false }),
})
