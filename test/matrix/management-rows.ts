/** The rows of the operations that manage keys (API Reference). */
import { account } from '../support/in-process-kms.ts'
import { hex64, listOf, structure, time, type Check } from './checks.ts'
import { specMembers } from './cryptographic-rows.ts'
import { isSymmetric } from './kinds.ts'
import type { Row } from './rows.ts'
import { region, replicaRegion, type Json, type Specimen } from './specimens.ts'
import type { State } from './states.ts'

type Own = Pick<Row, 'operation' | 'answer'> & Partial<Row>

/** What most of them have in common: one key of this account, by id or ARN. */
function managing(own: Own): Row {
  return {
    member: 'KeyId',
    aliases: 'no',
    crossAccount: false,
    grant: undefined,
    dryRun: false,
    invalidArn: true,
    demand: 'any key',
    others: () => ({}),
    ...own,
  }
}

const limit = (most: number): NonNullable<Row['invalid']> => [
  { Limit: most + 1 },
  `Value '${most + 1}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to ${most}`,
]

const rootArn = `arn:aws:iam::${account}:root`

/** Where a primary and its replica are. */
const configuration = (arn: string): Readonly<Record<string, Check>> => ({
  MultiRegionKeyType: 'PRIMARY',
  PrimaryKey: structure({ Arn: arn, Region: region }),
  ReplicaKeys: listOf(1, { Arn: arn.replace(region, replicaRegion), Region: replicaRegion }),
})

/** The metadata of a key as CreateKey left it. */
function metadata(
  { id, arn, account: owner, kind, isPrimary, materialId }: Specimen,
  state: State,
): Readonly<Record<string, Check>> {
  const imported = kind.origin === 'EXTERNAL' && state !== 'PendingImport'
  return {
    AWSAccountId: owner,
    KeyId: id,
    Arn: arn,
    CreationDate: time,
    Enabled: state === 'Enabled',
    Description: '',
    KeyState: state,
    Origin: kind.origin,
    KeyManager: 'CUSTOMER',
    MultiRegion: isPrimary,
    ...(isPrimary ? { MultiRegionConfiguration: structure(configuration(arn)) } : {}),
    ...specMembers(kind),
    ...(state === 'PendingDeletion' ? { DeletionDate: time } : {}),
    ...(state === 'PendingReplicaDeletion' ? { PendingDeletionWindowInDays: 30 } : {}),
    ...(isSymmetric(kind) && materialId !== undefined ? { CurrentKeyMaterialId: materialId } : {}),
    ...(imported ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } : {}),
  }
}

const grantOf = ({ arn, account: owner }: Specimen): Readonly<Record<string, Check>> => ({
  KeyId: arn,
  GrantId: hex64,
  Name: '',
  CreationDate: time,
  GranteePrincipal: `arn:aws:iam::${owner}:root`,
  IssuingAccount: `arn:aws:iam::${owner}:root`,
  Operations: ['DescribeKey'],
  ...(owner === account ? {} : { RetiringPrincipal: rootArn }),
})

const aliasOf = ({ id, alias, aliasArn }: Specimen): Readonly<Record<string, Check>> => ({
  AliasName: alias,
  AliasArn: aliasArn,
  TargetKeyId: id,
  CreationDate: time,
  LastUpdatedDate: time,
})

/** Keys without material have no grants: CreateGrant refuses them. */
const hasGrant = (state: State): number => (state === 'PendingImport' ? 0 : 1)

/** As if there were something to import. */
const noMaterial = {
  ImportToken: 'YQ==',
  EncryptedKeyMaterial: 'YQ==',
  ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
}

const empty = (): 'empty' => 'empty'
const its = ({ arn }: Specimen): Readonly<Record<string, Check>> => ({ KeyId: arn })
const grant = ({ grantId }: Specimen): Json => ({ GrantId: grantId })
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: rootArn }, Action: 'kms:*', Resource: '*' }],
})

export const managementRows: readonly Row[] = [
  managing({
    operation: 'DescribeKey',
    aliases: 'yes',
    crossAccount: true,
    grant: 'DescribeKey',
    answer: (key, state) => ({ KeyMetadata: structure(metadata(key, state)) }),
  }),
  managing({ operation: 'EnableKey', answer: empty }),
  managing({ operation: 'DisableKey', answer: empty }),
  managing({
    operation: 'UpdateKeyDescription',
    others: () => ({ Description: 'other' }),
    invalid: [
      { Description: 'x'.repeat(8193) },
      `Value '${'x'.repeat(8193)}' at 'description' failed to satisfy constraint: Member must have length less than or equal ` +
        'to 8192',
    ],
    answer: empty,
  }),
  managing({
    operation: 'ScheduleKeyDeletion',
    invalid: [
      { PendingWindowInDays: 366 },
      "Value '366' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value less than or equal to 365",
    ],
    answer: (key) => ({ ...its(key), DeletionDate: time, KeyState: 'PendingDeletion', PendingWindowInDays: 30 }),
  }),
  managing({ operation: 'CancelKeyDeletion', answer: its }),
  managing({
    operation: 'GetKeyLastUsage',
    answer: ({ id }) => ({
      KeyId: id,
      KeyLastUsage: (value) => typeof value === 'object' && value !== null,
      TrackingStartDate: time,
      KeyCreationDate: time,
    }),
  }),
  managing({
    operation: 'CreateAlias',
    member: 'TargetKeyId',
    aliases: 'refused',
    invalidArn: false,
    others: () => ({ AliasName: 'alias/new' }),
    invalid: [
      { AliasName: 'alias/%' },
      "Value 'alias/%' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
        '^[a-zA-Z0-9:/_-]+$',
    ],
    answer: empty,
  }),
  managing({
    operation: 'UpdateAlias',
    which: 'new key',
    member: 'TargetKeyId',
    aliases: 'refused',
    invalidArn: false,
    deniedOn: 'alias',
    others: ({ alias, account: owner }, { sibling }) => ({ AliasName: owner === account ? alias : sibling.alias }),
    answer: empty,
  }),
  managing({
    operation: 'UpdateAlias',
    which: 'current key',
    member: undefined,
    deniedOn: 'alias',
    anyState: true,
    symmetricOnly: true,
    others: ({ alias }, { sibling }) => ({ AliasName: alias, TargetKeyId: sibling.id }),
    answer: empty,
  }),
  managing({
    operation: 'DeleteAlias',
    member: undefined,
    deniedOn: 'alias',
    others: ({ alias }) => ({ AliasName: alias }),
    answer: empty,
  }),
  managing({
    operation: 'ListAliases',
    crossAccount: 'filter',
    deniedOn: 'account',
    invalid: limit(1000),
    answer: (key) => ({ Aliases: listOf(1, aliasOf(key)), Truncated: false }),
  }),
  managing({
    operation: 'TagResource',
    others: () => ({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    invalid: [
      { Tags: [{ TagKey: 'a' }] },
      "Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null",
    ],
    answer: empty,
  }),
  managing({ operation: 'UntagResource', others: () => ({ TagKeys: ['a'] }), answer: empty }),
  managing({
    operation: 'ListResourceTags',
    invalid: limit(1000),
    answer: () => ({ Tags: listOf(0, {}), Truncated: false }),
  }),
  managing({
    operation: 'GetKeyPolicy',
    invalid: [
      { PolicyName: 'a b' },
      "Value 'a b' at 'policyName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]+",
    ],
    answer: () => ({ Policy: /^\{.*\}$/s, PolicyName: 'default' }),
  }),
  managing({ operation: 'PutKeyPolicy', others: () => ({ Policy: policy }), answer: empty }),
  managing({
    operation: 'ListKeyPolicies',
    invalid: limit(1000),
    answer: () => ({ PolicyNames: ['default'], Truncated: false }),
  }),
  managing({
    operation: 'CreateGrant',
    crossAccount: true,
    grant: 'CreateGrant',
    dryRun: true,
    others: () => ({ GranteePrincipal: rootArn, Operations: ['DescribeKey'] }),
    invalid: [{ Operations: null }, "Value null at 'operations' failed to satisfy constraint: Member must not be null"],
    answer: () => ({ GrantToken: /^.{1,8192}$/, GrantId: hex64 }),
  }),
  managing({
    operation: 'ListGrants',
    crossAccount: true,
    invalid: limit(1000),
    answer: (key, state) => ({ Grants: listOf(hasGrant(state), grantOf(key)), Truncated: false }),
  }),
  managing({
    operation: 'RetireGrant',
    needsGrant: true,
    aliases: 'ARN',
    crossAccount: true,
    grant: 'RetireGrant',
    dryRun: true,
    // What AWS says of grants that aren't the caller's is not known.
    deniedBy: 'resource-based',
    others: grant,
    answer: empty,
  }),
  managing({
    operation: 'RevokeGrant',
    needsGrant: true,
    crossAccount: true,
    dryRun: true,
    others: grant,
    invalid: [
      { GrantId: 'x'.repeat(129) },
      `Value '${'x'.repeat(129)}' at 'grantId' failed to satisfy constraint: Member must have length less than or equal to 128`,
    ],
    answer: empty,
  }),
  managing({
    operation: 'EnableKeyRotation',
    demand: 'rotated by itself',
    invalid: [
      { RotationPeriodInDays: 89 },
      "Value '89' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value greater than or equal to 90",
    ],
    answer: empty,
  }),
  managing({ operation: 'DisableKeyRotation', demand: 'rotated by itself', answer: empty }),
  managing({
    operation: 'GetKeyRotationStatus',
    demand: 'rotated by itself',
    crossAccount: true,
    answer: (key) => ({ ...its(key), KeyRotationEnabled: false }),
  }),
  managing({ operation: 'RotateKeyOnDemand', demand: 'rotated', answer: its }),
  managing({
    operation: 'ListKeyRotations',
    demand: 'rotated',
    invalid: limit(1000),
    answer: () => ({ Rotations: listOf(0, {}), Truncated: false }),
  }),
  managing({
    operation: 'GetParametersForImport',
    demand: 'imported material',
    others: () => ({ WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }),
    answer: (key) => ({
      ...its(key),
      ImportToken: (value) => typeof value === 'string',
      PublicKey: (value) => typeof value === 'string',
      ParametersValidTo: time,
    }),
  }),
  managing({
    operation: 'ImportKeyMaterial',
    demand: 'imported material',
    others: ({ material = noMaterial }) => material,
    answer: (key) => ({ ...its(key), ...(isSymmetric(key.kind) ? { KeyMaterialId: hex64 } : {}) }),
  }),
  managing({
    operation: 'DeleteImportedKeyMaterial',
    demand: 'imported material',
    answer: (key) => ({ ...its(key), KeyMaterialId: /^[0-9a-f]{0,64}$/ }),
  }),
  managing({
    operation: 'ReplicateKey',
    demand: 'multi-Region primary key',
    others: () => ({ ReplicaRegion: 'us-east-1' }),
    answer: empty,
  }),
  managing({
    operation: 'UpdatePrimaryRegion',
    demand: 'multi-Region primary key',
    others: () => ({ PrimaryRegion: 'us-east-1' }),
    answer: empty,
  }),
]

/** What has no key to be in a state, or to be named. */
export const withoutKey: readonly string[] = [
  'ConnectCustomKeyStore',
  'CreateCustomKeyStore',
  'CreateKey',
  'DeleteCustomKeyStore',
  'DescribeCustomKeyStores',
  'DisconnectCustomKeyStore',
  'GenerateRandom',
  'ListKeys',
  'ListRetirableGrants',
  'UpdateCustomKeyStore',
]
