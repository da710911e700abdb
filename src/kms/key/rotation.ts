/**
 * Rotation ("Rotate AWS KMS keys", AWS KMS Developer Guide): a key gets new material, under which it encrypts from then on;
 * what was encrypted before names the older material, which stays. Only the material changes: never id, policy or state.
 */
import { dayMs } from '#base/day.ts'
import { keyArn } from '#base/arn.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import type { KeyMaterialRecord, KeyRecord, KeyRotation, RotationType } from '#records/key.ts'
import { after, eachAfter, type MaybeAsync } from '#base/maybe-async.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyStore, MaterialOwner } from '#ports/key-store.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import { withPendingCurrent } from './imported.ts'
import { multiRegionKeyType, relativesOf, synchronized, unchanged } from './multi-region.ts'
import { wrongOrigin } from './origin.ts'

/** Days: of keys whose owner names no other, and of AWS managed keys. */
export const defaultRotationPeriod = 365

/** Automatic rotation, the first one `periodDays` after `now` (epoch milliseconds). */
export function rotatedEvery(periodDays: number, now: number): NonNullable<KeyRotation['automatic']> {
  return { periodDays, nextDate: now + periodDays * dayMs }
}

/** The same key rotated automatically, or, where `automatic` is undefined, no longer. */
export function withAutomatic(key: KeyRecord, automatic: KeyRotation['automatic']): KeyRecord {
  const onDemand = onDemandRotations(key)
  return { ...key, rotation: automatic === undefined ? { onDemand } : { automatic, onDemand } }
}

/** How often a rotation of `key` was asked for. */
export function onDemandRotations({ rotation }: KeyRecord): number {
  return rotation?.onDemand ?? 0
}

/** Whether an automatic rotation is due at `now`: of an enabled key only, and of replicas with their primary alone. */
export function isRotationDue(key: KeyRecord, now: number): boolean {
  const next = key.rotation?.automatic?.nextDate
  return key.state.kind === 'Enabled' && next !== undefined && next <= now && multiRegionKeyType(key) !== 'REPLICA'
}

/** What new material of `key` is made for, at `now`. */
export function materialOwner(key: KeyRecord, now: number): MaterialOwner {
  const { region, account, keyId, origin, keySpec, keyUsage } = key
  return { region, account, keyId, creationDate: now, origin, keySpec, keyUsage }
}

/**
 * `key` with `material` as its current one from `now` on. An automatic rotation is followed by the next one a period later;
 * one on demand counts against their limit and leaves the schedule as it is (API Reference, RotateKeyOnDemand).
 */
export function rotation(key: KeyRecord, material: KeyMaterialRecord, type: RotationType, now: number): Change {
  const { automatic } = key.rotation ?? {}
  const scheduled =
    type === 'AUTOMATIC' && automatic !== undefined ? rotatedEvery(automatic.periodDays, now) : automatic
  const rotated = withAutomatic({ ...key, currentMaterialId: material.materialId }, scheduled)
  const onDemand = onDemandRotations(key) + (type === 'ON_DEMAND' ? 1 : 0)
  return {
    kind: 'key rotated',
    key: { ...rotated, rotation: { ...rotated.rotation, onDemand } },
    material: { ...material, rotated: { date: now, type } },
  }
}

/** What the rotation of a key and of its replicas is stored as. */
export interface Rotated {
  readonly changes: readonly Change[]
  readonly expectations: readonly Expectation[]
  /** The AwsServiceEvent record of the key itself. */
  readonly record: string
}

/** What a rotation works with. */
export interface RotationPorts {
  readonly storage: Pick<StorageReader, 'key' | 'material'>
  readonly keyStore: Pick<KeyStore, 'replicate'>
  readonly random: Pick<Random, 'uuid'>
}

/**
 * The rotation of `key` to `material`. Replicas get the same material, and use it from the same moment on: all of them change in
 * one commit, or none does.
 */
export function rotatedEverywhere(
  key: KeyRecord,
  material: KeyMaterialRecord,
  type: RotationType,
  now: number,
  { storage, keyStore, random }: RotationPorts,
): MaybeAsync<Rotated> {
  const record = rotationRecord(key, material, type, now, random.uuid())
  return after(rotationDate(key, now, storage), (date) =>
    after(relativesOf(key, storage), (replicas) =>
      after(
        eachAfter(replicas, (replica) =>
          after(keyStore.replicate(material, materialOwner(replica, now)), (copy) => [
            rotation(replica, copy, type, date),
            synchronized(replica, now, random.uuid()),
          ]),
        ),
        (copies) => ({
          changes: [rotation(key, material, type, date), ...copies.flat()],
          expectations: unchanged(replicas),
          record,
        }),
      ),
    ),
  )
}

/**
 * When `key` is rotated that is asked for at `now`: after the rotation before, also when both come within a millisecond, or
 * this one has waited for the other. Rotations are listed by their dates, and the current material is the last.
 */
function rotationDate(key: KeyRecord, now: number, storage: Pick<StorageReader, 'material'>): MaybeAsync<number> {
  const { currentMaterialId } = key
  if (currentMaterialId === undefined) return now
  return after(storage.material(key, key.keyId, currentMaterialId), (current) =>
    Math.max(now, (current?.rotated?.date ?? 0) + 1),
  )
}

/** The rotation settings of `key` changed to `automatic`, and with them those of its replicas. */
export function scheduledEverywhere(
  key: KeyRecord,
  automatic: KeyRotation['automatic'],
  storage: Pick<StorageReader, 'key'>,
): MaybeAsync<Pick<Rotated, 'changes' | 'expectations'>> {
  return after(relativesOf(key, storage), (replicas) => ({
    changes: [key, ...replicas].map((each) => ({
      kind: 'key changed',
      key: withAutomatic(each, automatic),
    })),
    expectations: unchanged(replicas),
  }))
}

/** The AwsServiceEvent record of that rotation ("RotateKey", AWS KMS Developer Guide). */
export function rotationRecord(
  { region, account, keyId, origin, currentMaterialId }: KeyRecord,
  { materialId }: Pick<KeyMaterialRecord, 'materialId'>,
  type: RotationType,
  now: number,
  eventId: string,
): string {
  return serviceEventText({
    eventName: 'RotateKey',
    region,
    account,
    arn: keyArn(region, account, keyId),
    time: secondText()(now),
    eventId,
    serviceEventDetails: JSON.stringify({
      rotationType: type,
      keyOrigin: origin,
      previousKeyMaterialId: currentMaterialId,
      currentKeyMaterialId: materialId,
    }),
  })
}

/**
 * `key` with the material that waits for a rotation as its current one from `now` on: on demand, for whose material is imported
 * has no other. It counts against the same limit.
 */
export function importedRotation(key: KeyRecord, materialId: KeyMaterialId, now: number): Change {
  const rotated = withPendingCurrent(key, materialId, now, 'ON_DEMAND')
  return { kind: 'key changed', key: { ...rotated, rotation: { onDemand: onDemandRotations(key) + 1 } } }
}

/**
 * Only symmetric keys rotate: for others every rotation operation answers UnsupportedOperationException without a message
 * ("Rotating AWS KMS keys": "You cannot rotate asymmetric, HMAC keys, or keys in custom key stores").
 */
export function requireRotatable(
  { keySpec }: Pick<KeyRecord, 'keySpec'>,
  fail: (code: 'UnsupportedOperationException') => never,
): void {
  if (keySpec !== 'SYMMETRIC_DEFAULT') fail('UnsupportedOperationException')
}

/** Only they rotate by themselves, and only with material that KMS makes. */
export function requireScheduled(
  { record, arn }: Pick<LiveKey, 'record' | 'arn'>,
  fail: (code: 'UnsupportedOperationException', message?: string) => never,
): void {
  requireRotatable(record, fail)
  if (record.origin !== 'AWS_KMS') fail('UnsupportedOperationException', wrongOrigin(record, arn))
}
