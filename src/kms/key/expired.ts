/** What has expired of a key's imported material is deleted, and recorded as something that KMS did by itself. */
import { keyArn } from '#base/arn.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { asOf, materialsIn, withoutBytes } from './imported.ts'

/** A key that is rid of what had expired. */
export interface Swept<K extends KeyRecord> {
  readonly key: K
  /** The bytes go; the key itself is to be changed beside them. */
  readonly changes: readonly Change[]
  /** An AwsServiceEvent record for each material ("DeleteExpiredKeyMaterial", AWS KMS Developer Guide). */
  readonly records: readonly string[]
}

/** `key` without what has expired by `now` (epoch milliseconds); `eventId` gives each record its id. */
export function sweep<K extends KeyRecord>(key: K, now: number, eventId: () => string): Swept<K> {
  const current = asOf(key, now)
  const gone = materialsIn(current)
    .filter(({ bytes }) => bytes.kind === 'expired')
    .map(({ materialId }) => materialId)
  if (gone.length === 0) return { key, changes: [], records: [] }
  const place = { region: key.region, account: key.account }
  return {
    key: withoutBytes(current, gone),
    changes: gone.map((materialId) => ({ kind: 'key material removed', place, keyId: key.keyId, materialId })),
    records: gone.map((materialId) => expiryRecord(key, materialId, now, eventId())),
  }
}

function expiryRecord(
  { region, account, keyId }: KeyRecord,
  materialId: KeyMaterialId,
  now: number,
  eventId: string,
): string {
  return serviceEventText({
    eventName: 'DeleteExpiredKeyMaterial',
    region,
    account,
    arn: keyArn(region, account, keyId),
    time: secondText()(now),
    eventId,
    serviceEventDetails: JSON.stringify({ keyId, keyMaterialId: materialId }),
  })
}

/** The changes of `swept` beside those of an operation, which changes the key itself. */
export function sweepingChanges({ changes, records }: Swept<KeyRecord>): readonly Change[] {
  return [...changes, ...records.map((record): Change => ({ kind: 'event recorded', record }))]
}
