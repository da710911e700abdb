/**
 * How records become rows: the table, the columns that find a row, and the content, which is the record as JSON text with
 * its members in one order. The MAC of a row covers every column, so a row that verifies was found by what its content says.
 */
import { IntegrityError } from '#base/integrity-error.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord } from '#records/key.ts'

/** What a column may hold besides content, revision and MAC. */
export type ColumnValue = string | number | null

export interface Entity<T> {
  readonly table: TableName
  /** The primary key's columns, then those of the table's other indexes. */
  readonly columns: readonly string[]
  /** How many of `columns` are the primary key. */
  readonly keyLength: number
  /** The values of `columns`, in their order. */
  readonly columnsOf: (record: T) => readonly ColumnValue[]
  /** The record as JSON text: only its own members, always in the same order. */
  readonly encode: (record: T) => string
  /** The record in `content`, which must be text that a MAC vouches for. Throws IntegrityError when it is no such record. */
  readonly decode: (content: string) => T
}

export const tableNames = ['account', 'access_key', 'key', 'key_material', 'alias'] as const
export type TableName = (typeof tableNames)[number]

type Members = Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object'>>

// The check is light because the text carries our own MAC: it guards against content of another version of Trent, not
// against an attacker. Each record type has one guard below, and that guard is the only place that vouches for the type.
function hasMembers(value: unknown, members: Members): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const name in members) {
    const member: unknown = Reflect.get(value, name)
    if (typeof member !== members[name] || member === null) return false
  }
  return true
}

function decoder<T>(table: TableName, guard: (value: unknown) => value is T): (content: string) => T {
  return (content) => {
    const value: unknown = JSON.parse(content)
    if (!guard(value))
      throw new IntegrityError(`The content of a row of table ${table} is not of the form that it must have.`)
    return value
  }
}

const keyMembers: Members = {
  region: 'string',
  account: 'string',
  keyId: 'string',
  creationDate: 'number',
  description: 'string',
  keySpec: 'string',
  keyUsage: 'string',
  origin: 'string',
  keyManager: 'string',
  state: 'object',
  tags: 'object',
  policy: 'string',
  currentMaterialId: 'string',
}

export const keyEntity: Entity<KeyRecord> = {
  table: 'key',
  columns: ['region', 'account', 'key_id', 'deletion_date'],
  keyLength: 3,
  columnsOf: ({ region, account, keyId, state }) => [
    region,
    account,
    keyId,
    state.kind === 'PendingDeletion' ? state.deletionDate : null,
  ],
  encode: (key) =>
    JSON.stringify({
      region: key.region,
      account: key.account,
      keyId: key.keyId,
      creationDate: key.creationDate,
      description: key.description,
      keySpec: key.keySpec,
      keyUsage: key.keyUsage,
      origin: key.origin,
      keyManager: key.keyManager,
      state: key.state,
      tags: key.tags,
      policy: key.policy,
      currentMaterialId: key.currentMaterialId,
    } satisfies KeyRecord),
  decode: decoder('key', (value): value is KeyRecord => hasMembers(value, keyMembers)),
}

const materialMembers: Members = {
  region: 'string',
  account: 'string',
  keyId: 'string',
  materialId: 'string',
  creationDate: 'number',
  origin: 'string',
  keySpec: 'string',
  keyUsage: 'string',
  exportable: 'boolean',
  epoch: 'number',
  wrapped: 'string',
}

export const keyMaterialEntity: Entity<KeyMaterialRecord> = {
  table: 'key_material',
  columns: ['region', 'account', 'key_id', 'material_id'],
  keyLength: 4,
  columnsOf: ({ region, account, keyId, materialId }) => [region, account, keyId, materialId],
  encode: (material) =>
    JSON.stringify({
      region: material.region,
      account: material.account,
      keyId: material.keyId,
      materialId: material.materialId,
      creationDate: material.creationDate,
      origin: material.origin,
      keySpec: material.keySpec,
      keyUsage: material.keyUsage,
      exportable: material.exportable,
      epoch: material.epoch,
      wrapped: material.wrapped,
    } satisfies KeyMaterialRecord),
  decode: decoder('key_material', (value): value is KeyMaterialRecord => hasMembers(value, materialMembers)),
}

const aliasMembers: Members = {
  region: 'string',
  account: 'string',
  name: 'string',
  targetKeyId: 'string',
  creationDate: 'number',
  lastUpdatedDate: 'number',
}

export const aliasEntity: Entity<AliasRecord> = {
  table: 'alias',
  columns: ['region', 'account', 'name', 'target_key_id'],
  keyLength: 3,
  columnsOf: ({ region, account, name, targetKeyId }) => [region, account, name, targetKeyId],
  encode: (alias) =>
    JSON.stringify({
      region: alias.region,
      account: alias.account,
      name: alias.name,
      targetKeyId: alias.targetKeyId,
      creationDate: alias.creationDate,
      lastUpdatedDate: alias.lastUpdatedDate,
    } satisfies AliasRecord),
  decode: decoder('alias', (value): value is AliasRecord => hasMembers(value, aliasMembers)),
}

export const accountEntity: Entity<AccountRecord> = {
  table: 'account',
  columns: ['account'],
  keyLength: 1,
  columnsOf: ({ account }) => [account],
  encode: ({ account, creationDate }) => JSON.stringify({ account, creationDate } satisfies AccountRecord),
  decode: decoder('account', (value): value is AccountRecord =>
    hasMembers(value, { account: 'string', creationDate: 'number' }),
  ),
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
  columns: ['access_key_id', 'account'],
  keyLength: 1,
  columnsOf: ({ accessKeyId, account }) => [accessKeyId, account],
  encode: (accessKey) =>
    JSON.stringify({
      accessKeyId: accessKey.accessKeyId,
      account: accessKey.account,
      principal: accessKey.principal,
      status: accessKey.status,
      creationDate: accessKey.creationDate,
      epoch: accessKey.epoch,
      wrappedSecret: accessKey.wrappedSecret,
    } satisfies AccessKeyRecord),
  decode: decoder('access_key', (value): value is AccessKeyRecord => hasMembers(value, accessKeyMembers)),
}
