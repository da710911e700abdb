/** AWS STS: the Query protocol. Signatures may be scoped to us-east-1, the region of its global endpoint. */
import { usEast1 } from '#base/brand.ts'
import type { Service } from '#aws/operation.ts'
import type { StsOperation, StsPorts } from './operation.ts'
import { GetCallerIdentity } from './operations/get-caller-identity.ts'

/** All operations that this version serves. */
export type OperationName = 'GetCallerIdentity'

export const operations = { GetCallerIdentity } satisfies Record<OperationName, StsOperation>

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
