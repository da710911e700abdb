/** AWS STS: the Query protocol. Signatures may be scoped to us-east-1, the region of its global endpoint. */
import { usEast1 } from '#base/brand.ts'
import type { Service } from '#aws/operation.ts'
import type { StsOperation, StsPorts } from './operation.ts'
import { AssumeRole } from './operations/assume-role.ts'
import { AssumeRoleWithWebIdentity } from './operations/assume-role-with-web-identity.ts'
import { GetCallerIdentity } from './operations/get-caller-identity.ts'
import { GetFederationToken } from './operations/get-federation-token.ts'
import { GetSessionToken } from './operations/get-session-token.ts'
import type { OperationName } from './operation-names.ts'

export type { OperationName }

export const operations = {
  AssumeRole,
  AssumeRoleWithWebIdentity,
  GetCallerIdentity,
  GetFederationToken,
  GetSessionToken,
} satisfies Record<OperationName, StsOperation>

export const sts: Service<StsPorts, never, never> = {
  name: 'sts',
  eventSource: 'sts.amazonaws.com',
  internalError: 'InternalFailure',
  protocol: {
    kind: 'aws-query',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  },
  alsoScopedTo: [usEast1],
  operations,
}
