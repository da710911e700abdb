/** Accounts and access keys as rows. */
import type { AccessKeyRecord, AccountRecord, PrincipalRecord } from '#records/identity.ts'
import { decoder, hasMembers } from './entity.ts'
import type { Entity, Members } from './entity.ts'

const accountMembers: Members = {
  account: 'string',
  creationDate: 'number',
  name: 'string',
  serviceControl: 'object',
  resourceControl: 'object',
  rootSessionsValidFrom: 'number',
}

export const accountEntity: Entity<AccountRecord> = {
  table: 'account',
  columns: ['account'],
  keyLength: 1,
  columnsOf: ({ account }) => [account],
  encode: (account) =>
    JSON.stringify({
      account: account.account,
      creationDate: account.creationDate,
      name: account.name,
      serviceControl: account.serviceControl,
      resourceControl: account.resourceControl,
      rootSessionsValidFrom: account.rootSessionsValidFrom,
    } satisfies AccountRecord),
  decode: decoder('account', (value): value is AccountRecord => hasMembers(value, accountMembers)),
}

const accessKeyMembers: Members = {
  accessKeyId: 'string',
  account: 'string',
  principal: 'object',
  status: 'string',
  creationDate: 'number',
  epoch: 'number',
  wrappedSecret: 'string',
}

export const accessKeyEntity: Entity<AccessKeyRecord> = {
  table: 'access_key',
  columns: ['access_key_id', 'account', 'user_id'],
  keyLength: 1,
  columnsOf: ({ accessKeyId, account, principal }) => [accessKeyId, account, userColumn(principal)],
  encode: (accessKey) =>
    JSON.stringify({
      accessKeyId: accessKey.accessKeyId,
      account: accessKey.account,
      principal: principalMembers(accessKey.principal),
      status: accessKey.status,
      creationDate: accessKey.creationDate,
      epoch: accessKey.epoch,
      wrappedSecret: accessKey.wrappedSecret,
    } satisfies AccessKeyRecord),
  decode: decoder('access_key', (value): value is AccessKeyRecord => hasMembers(value, accessKeyMembers)),
}

/** The column of whom an access key speaks for: the id of the user, nothing for the root user. */
export function userColumn(principal: PrincipalRecord): string {
  return principal.kind === 'user' ? principal.userId : ''
}

function principalMembers(principal: PrincipalRecord): PrincipalRecord {
  return principal.kind === 'user' ? { kind: 'user', userId: principal.userId } : { kind: 'root' }
}
