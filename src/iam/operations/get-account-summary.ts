/** GetAccountSummary: how much of everything the account has, and how much it may have. */
import { optional, stringMap } from '#aws/shape.ts'
import { accountSummary } from '../entity/summary.ts'
import { accountWide } from '../entity/target.ts'
import { readOperation } from '../operation.ts'

export const GetAccountSummary = readOperation({
  name: 'GetAccountSummary',
  input: {},
  output: { SummaryMap: optional(stringMap()) },
  targets: { account: accountWide('iam:GetAccountSummary') },
  errors: ['ServiceFailureException'],
  handle: async ({ targets: { account }, ports }) => ({ SummaryMap: await accountSummary(account.account, ports) }),
})
