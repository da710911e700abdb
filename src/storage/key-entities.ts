/** Keys and what belongs to them as rows. */
import { exhaustive } from '#base/exhaustive.ts'
import type { GrantPrincipal, GrantRecord } from '#records/grant.ts'
import type { AliasRecord, ImportedBytes, ImportedMaterial, ImportedMaterials } from '#records/key.ts'
import type { KeyMaterialRecord, KeyRecord, KeyRotation, MultiRegion } from '#records/key.ts'
import { decoder, hasMembers } from './entity.ts'
import type { Entity, Members } from './entity.ts'

// Of the rotation that made a material current.
const rotatedMembers: Members = { date: 'number', type: 'string' }

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
}

export const keyEntity: Entity<KeyRecord> = {
  table: 'key',
  columns: ['region', 'account', 'key_id', 'deletion_date', 'next_rotation'],
  keyLength: 3,
  columnsOf: (key) => [
    key.region,
    key.account,
    key.keyId,
    key.state.kind === 'PendingDeletion' ? key.state.deletionDate : null,
    nextRotation(key) ?? null,
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
      rotation: key.rotation === undefined ? undefined : rotationMembers(key.rotation),
      imported: key.imported === undefined ? undefined : importedMembers(key.imported),
      multiRegion: key.multiRegion === undefined ? undefined : multiRegionMembers(key.multiRegion),
    } satisfies KeyRecord),
  decode: decoder(
    'key',
    (value): value is KeyRecord =>
      hasMembers(value, keyMembers) &&
      mayHave(value, 'currentMaterialId', (id) => typeof id === 'string') &&
      mayHave(value, 'rotation', (rotation) => isRotation(rotation)) &&
      mayHave(value, 'imported', (imported) => isImported(imported)) &&
      mayHave(value, 'multiRegion', (regions) =>
        hasMembers(regions, { primaryRegion: 'string', replicaRegions: 'object' }),
      ),
  ),
}

/**
 * The date (epoch milliseconds) by which the job that rotates keys finds a key; a key that isn't enabled is not rotated, and a
 * replica is together with its primary.
 */
export function nextRotation({ region, state, rotation, multiRegion }: KeyRecord): number | undefined {
  if (multiRegion !== undefined && multiRegion.primaryRegion !== region) return undefined
  return state.kind === 'Enabled' ? rotation?.automatic?.nextDate : undefined
}

function multiRegionMembers({ primaryRegion, replicaRegions }: MultiRegion): MultiRegion {
  return { primaryRegion, replicaRegions: [...replicaRegions] }
}

function rotationMembers({ automatic, onDemand }: KeyRotation): KeyRotation {
  return {
    automatic: automatic === undefined ? undefined : { periodDays: automatic.periodDays, nextDate: automatic.nextDate },
    onDemand,
  }
}

function importedMembers({ materials, nextExpiry }: ImportedMaterials): ImportedMaterials {
  return { materials: materials.map(importedMaterialMembers), nextExpiry }
}

function importedMaterialMembers(material: ImportedMaterial): ImportedMaterial {
  const { materialId, bytes, description, standing, rotated } = material
  return {
    materialId,
    bytes: bytesMembers(bytes),
    description,
    standing,
    rotated: rotated === undefined ? undefined : { date: rotated.date, type: rotated.type },
  }
}

function bytesMembers(bytes: ImportedBytes): ImportedBytes {
  switch (bytes.kind) {
    case 'imported':
      return { kind: bytes.kind, validTo: bytes.validTo }
    case 'expired':
      return { kind: bytes.kind, validTo: bytes.validTo }
    case 'absent':
      return { kind: bytes.kind }
    default:
      return exhaustive(bytes)
  }
}

function isImported(value: unknown): boolean {
  if (!hasMembers(value, { materials: 'object' })) return false
  if (!mayHave(value, 'nextExpiry', (date) => typeof date === 'number')) return false
  const materials: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'materials') : undefined
  return Array.isArray(materials) && materials.every(isImportedMaterial)
}

function isImportedMaterial(value: unknown): boolean {
  return (
    hasMembers(value, { materialId: 'string', bytes: 'object', standing: 'string' }) &&
    mayHave(value, 'bytes', (bytes) => hasMembers(bytes, { kind: 'string' })) &&
    mayHave(value, 'description', (description) => typeof description === 'string') &&
    mayHave(value, 'rotated', (rotated) => hasMembers(rotated, rotatedMembers))
  )
}

/** Whether `value` has no member `name`, or one that `isSuch`; one that it has not stays away, as in records of old. */
function mayHave(value: unknown, name: string, isSuch: (member: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false
  return !Object.hasOwn(value, name) || isSuch(Reflect.get(value, name))
}

function isRotation(value: unknown): boolean {
  return (
    hasMembers(value, { onDemand: 'number' }) &&
    mayHave(value, 'automatic', (automatic) => hasMembers(automatic, { periodDays: 'number', nextDate: 'number' }))
  )
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
      rotated:
        material.rotated === undefined ? undefined : { date: material.rotated.date, type: material.rotated.type },
    } satisfies KeyMaterialRecord),
  decode: decoder(
    'key_material',
    (value): value is KeyMaterialRecord =>
      hasMembers(value, materialMembers) && mayHave(value, 'rotated', (rotated) => hasMembers(rotated, rotatedMembers)),
  ),
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

const grantMembers: Members = {
  region: 'string',
  account: 'string',
  keyId: 'string',
  grantId: 'string',
  grantee: 'object',
  retiring: 'object?',
  issuingAccount: 'string',
  operations: 'object',
  encryptionContextEquals: 'object?',
  encryptionContextSubset: 'object?',
  sourceArn: 'string?',
  name: 'string',
  nameKey: 'string?',
  creationDate: 'number',
}

export const grantEntity: Entity<GrantRecord> = {
  table: 'key_grant',
  columns: ['region', 'account', 'key_id', 'grant_id', 'grantee', 'retiring', 'name_key'],
  keyLength: 4,
  columnsOf: ({ region, account, keyId, grantId, grantee, retiring, nameKey }) => [
    region,
    account,
    keyId,
    grantId,
    grantee.name,
    retiring?.name ?? null,
    nameKey ?? null,
  ],
  encode: (grant) =>
    JSON.stringify({
      region: grant.region,
      account: grant.account,
      keyId: grant.keyId,
      grantId: grant.grantId,
      grantee: grantPrincipal(grant.grantee),
      retiring: grant.retiring === undefined ? undefined : grantPrincipal(grant.retiring),
      issuingAccount: grant.issuingAccount,
      operations: grant.operations,
      encryptionContextEquals: grant.encryptionContextEquals,
      encryptionContextSubset: grant.encryptionContextSubset,
      sourceArn: grant.sourceArn,
      name: grant.name,
      nameKey: grant.nameKey,
      creationDate: grant.creationDate,
    } satisfies GrantRecord),
  decode: decoder('key_grant', (value): value is GrantRecord => hasMembers(value, grantMembers)),
}

function grantPrincipal({ name, given, kind }: GrantPrincipal): GrantPrincipal {
  return { name, given, kind }
}
