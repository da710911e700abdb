/**
 * GetCallerIdentity: who signed this request. It needs no permission and no policy can deny it (API Reference), so it has no
 * target that authorization could be asked about.
 */
import { string } from '#aws/shape.ts'
import { readOperation } from '../operation.ts'

export const GetCallerIdentity = readOperation({
  name: 'GetCallerIdentity',
  effect: 'read',
  input: {},
  output: { UserId: string(), Account: string(), Arn: string({ min: 20, max: 2048 }) },
  targets: {},
  permission: 'none',
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'sts',
  errors: [],
  audit: { readOnly: true, request: [], response: [] },
  handle: ({ facts }) => ({ UserId: facts.callerUserId, Account: facts.account, Arn: facts.callerArn }),
})
