/** What IAM stores as rows of one table: the members of the content depend on the kind. */
import { exhaustive } from '#base/exhaustive.ts'
import type { IamKind, IamRecord } from '#records/iam.ts'
import { decoder, hasMembers } from './entity.ts'
import type { Entity, Members } from './entity.ts'

export const iamEntity: Entity<IamRecord> = {
  table: 'iam',
  columns: ['account', 'kind', 'id', 'name_key'],
  keyLength: 3,
  columnsOf: ({ account, kind, id, name }) => [account, kind, id, nameKey(name)],
  encode: (record) => JSON.stringify(contentOf(record)),
  decode: decoder('iam', isIamRecord),
}

/** What two names have in common that IAM takes for the same: names differ in more than case. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

function contentOf(record: IamRecord): IamRecord {
  switch (record.kind) {
    case 'user':
      return {
        kind: record.kind,
        account: record.account,
        id: record.id,
        name: record.name,
        creationDate: record.creationDate,
        path: record.path,
        inline: record.inline,
        attached: record.attached,
        groups: record.groups,
        boundary: record.boundary,
        tags: record.tags,
        sessionsValidFrom: record.sessionsValidFrom,
      }
    case 'group':
      return {
        kind: record.kind,
        account: record.account,
        id: record.id,
        name: record.name,
        creationDate: record.creationDate,
        path: record.path,
        inline: record.inline,
        attached: record.attached,
      }
    case 'role':
      return {
        kind: record.kind,
        account: record.account,
        id: record.id,
        name: record.name,
        creationDate: record.creationDate,
        path: record.path,
        inline: record.inline,
        attached: record.attached,
        description: record.description,
        maxSessionDuration: record.maxSessionDuration,
        trustPolicy: record.trustPolicy,
        boundary: record.boundary,
        tags: record.tags,
        sessionsValidFrom: record.sessionsValidFrom,
      }
    case 'policy':
      return {
        kind: record.kind,
        account: record.account,
        id: record.id,
        name: record.name,
        creationDate: record.creationDate,
        path: record.path,
        description: record.description,
        updateDate: record.updateDate,
        versions: record.versions,
        defaultVersion: record.defaultVersion,
        nextVersion: record.nextVersion,
        tags: record.tags,
      }
    case 'oidc-provider':
      return {
        kind: record.kind,
        account: record.account,
        id: record.id,
        name: record.name,
        creationDate: record.creationDate,
        url: record.url,
        clientIds: record.clientIds,
        thumbprints: record.thumbprints,
        tags: record.tags,
      }
    default:
      return exhaustive(record)
  }
}

const named: Members = { account: 'string', id: 'string', name: 'string', creationDate: 'number' }
const withPolicies: Members = { ...named, path: 'string', inline: 'object', attached: 'object' }

const membersOf: Readonly<Record<IamKind, Members>> = {
  user: { ...withPolicies, groups: 'object', boundary: 'string?', tags: 'object', sessionsValidFrom: 'number' },
  group: withPolicies,
  role: {
    ...withPolicies,
    description: 'string',
    maxSessionDuration: 'number',
    trustPolicy: 'string',
    boundary: 'string?',
    tags: 'object',
    sessionsValidFrom: 'number',
  },
  policy: {
    ...named,
    path: 'string',
    description: 'string',
    updateDate: 'number',
    versions: 'object',
    defaultVersion: 'string',
    nextVersion: 'number',
    tags: 'object',
  },
  'oidc-provider': { ...named, url: 'string', clientIds: 'object', thumbprints: 'object', tags: 'object' },
}

const kinds: ReadonlyMap<unknown, Members> = new Map(Object.entries(membersOf))

function isIamRecord(value: unknown): value is IamRecord {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  const members = kinds.get(value.kind)
  return members !== undefined && hasMembers(value, members)
}
