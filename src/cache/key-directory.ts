/** The KeyDirectory port over a storage reader and a key store: what makes a warm key cost no database round trip. */
import { keyArn } from '#aws/arn.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { KeyDirectory, LiveKey } from '#ports/key-directory.ts'
import type { KeyStore, SymmetricMaterial } from '#ports/key-store.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AliasRecord, Stored } from '#records/key.ts'
import { CoherentCache } from './coherent-cache.ts'
import type { RevisionSlots } from './revision-slots.ts'

// A key's old materials are opened as its old blobs are decrypted; more than this many are opened again when needed.
const materialsPerKey = 64
const prefixLength = 16

export interface DirectoryLimits {
  /** How many keys stay cached. */
  readonly keys: number
  readonly aliases: number
}

export function createKeyDirectory(
  storage: StorageReader,
  keyStore: KeyStore,
  slots: RevisionSlots,
  limits: DirectoryLimits,
): KeyDirectory {
  const keys = new CoherentCache<LiveKey>(slots, limits.keys)
  const aliases = new CoherentCache<Stored<AliasRecord>>(slots, limits.aliases)

  function opened({ record, opened: known }: LiveKey, prefix: string): MaybeAsync<SymmetricMaterial | undefined> {
    const ready = known.get(prefix)
    if (ready !== undefined) return ready
    return after(storage.material(record, record.keyId, prefix), (stored) => {
      if (stored === undefined) return undefined
      return after(keyStore.open(stored), (material) => {
        if (known.size >= materialsPerKey) known.clear()
        known.set(prefix, material)
        return material
      })
    })
  }

  return {
    key: (place, keyId) =>
      keys.get(
        `${keyId}${place.account}${place.region}`,
        () => cacheName.key(place, keyId),
        () =>
          after(storage.key(place, keyId), (record) =>
            record === undefined
              ? undefined
              : { record, arn: keyArn(record.region, record.account, record.keyId), opened: new Map() },
          ),
      ),
    alias: (place, name) =>
      aliases.get(
        `${name} ${place.account}${place.region}`,
        () => cacheName.alias(place, name),
        () => storage.alias(place, name),
      ),
    currentMaterial: (key) =>
      after(opened(key, key.record.currentMaterialId.slice(0, prefixLength)), (material) => {
        if (material?.materialId !== key.record.currentMaterialId) {
          throw new IntegrityError(`the current key material of ${key.arn} is missing`)
        }
        return material
      }),
    material: opened,
  }
}
