/** The KeyDirectory port over a storage reader and a key store: what makes a warm key cost no database round trip. */
import { keyArn } from '#aws/arn.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { KeyDirectory, LiveKey } from '#ports/key-directory.ts'
import type { KeyStore, SymmetricMaterial } from '#ports/key-store.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AliasRecord, KeyRecord, KeyState, Stored, Tag } from '#records/key.ts'
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

/**
 * Words that many records share, each kept once: ten thousand keys that each have their own copy of their account's default
 * policy cost more memory, and more waiting for memory, than all that is particular to them. Emptied when it grows.
 */
class SharedWords {
  readonly #words = new Map<string, string>()

  shared<T extends string>(word: T): T
  shared(word: string): string {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    if (this.#words.size >= sharedWords) this.#words.clear()
    this.#words.set(word, word)
    return word
  }
}

const sharedWords = 10_000
const enabled: KeyState = { kind: 'Enabled' }
const noTags: readonly Tag[] = []

export function createKeyDirectory(
  storage: StorageReader,
  keyStore: KeyStore,
  slots: RevisionSlots,
  limits: DirectoryLimits,
): KeyDirectory {
  const keys = new CoherentCache<LiveKey>(slots, limits.keys)
  const aliases = new CoherentCache<Stored<AliasRecord>>(slots, limits.aliases)
  const words = new SharedWords()

  /** `record` as it is kept: what it has in common with other keys is theirs too. */
  function compact(record: Stored<KeyRecord>): Stored<KeyRecord> {
    return {
      ...record,
      region: words.shared(record.region),
      account: words.shared(record.account),
      keySpec: words.shared(record.keySpec),
      keyUsage: words.shared(record.keyUsage),
      origin: words.shared(record.origin),
      keyManager: words.shared(record.keyManager),
      policy: words.shared(record.policy),
      state: record.state.kind === 'Enabled' ? enabled : record.state,
      tags: record.tags.length === 0 ? noTags : record.tags,
    }
  }

  function opened({ record, opened: known }: LiveKey, prefix: string): MaybeAsync<SymmetricMaterial | undefined> {
    // A key has one material, or a few: looking through them is cheaper than a table for each key.
    for (const material of known) {
      if (material.materialId.startsWith(prefix)) return material
    }
    return after(storage.material(record, record.keyId, prefix), (stored) => {
      if (stored === undefined) return undefined
      return after(keyStore.open(stored), (material) => {
        if (known.length >= materialsPerKey) known.length = 0
        known.push(material)
        return material
      })
    })
  }

  return {
    key: (place, keyId) =>
      keys.get(
        keyId + place.account + place.region,
        () => cacheName.key(place, keyId),
        () =>
          after(storage.key(place, keyId), (record) =>
            record === undefined
              ? undefined
              : {
                  record: compact(record),
                  arn: keyArn(record.region, record.account, record.keyId),
                  opened: [],
                },
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
