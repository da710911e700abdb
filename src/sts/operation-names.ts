/**
 * The names of all operations that this version serves, apart from the operations: who only counts or routes them need not
 * load them. The registry in service.ts does not compile while one is missing or has no name here.
 */
export const operationNames = [
  'AssumeRole',
  'AssumeRoleWithWebIdentity',
  'GetCallerIdentity',
  'GetFederationToken',
  'GetSessionToken',
] as const

export type OperationName = (typeof operationNames)[number]
