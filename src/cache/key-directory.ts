/** The KeyDirectory port over a storage reader and a key store: what makes a warm key cost no database round trip. */
import { LRUCache } from 'lru-cache'
import { keyArn } from '#base/arn.ts'
import { refusal, RefusalError } from '#aws/errors.ts'
import type { AccountId, AliasName, KeyArn, KeyId, Region } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Grant } from '#policy/grant.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { KeyDirectory, LiveKey, OpenedMaterials } from '#ports/key-directory.ts'
import type { KeyStore, MaterialKind, MaterialOf, OpenedMaterial } from '#ports/key-store.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AliasRecord, KeyRecord, KeyState, Place, Stored, Tag } from '#records/key.ts'
import type { Compile } from './attached-policies.ts'
import { CoherentCache } from './coherent-cache.ts'
import { loadGrants } from './grants.ts'
import type { RevisionSlots } from './revision-slots.ts'

// So many opened materials are kept with each key: all that nearly every key has.
const materialsPerKey = 32
// The other materials of keys that have more, as their old blobs are decrypted: about 1 kB each.
const furtherMaterials = 20_000
const prefixLength = 16

export interface DirectoryLimits {
  /** How many keys stay cached. */
  readonly keys: number
  readonly aliases: number
  /** How many grants and names of aliases, looked up by key: each list counts as one more than it has. */
  readonly lists: number
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

/**
 * One of the many materials of a key, for as long as the key is in `opened` as it was: a change of the key outdates it. Found by the
 * first digits of its id: those of another key may be the same, and then the two take turns.
 */
interface FurtherMaterial {
  readonly material: OpenedMaterial
  readonly opened: LiveKey['opened']
}

/** A key as it is kept. A class, for there are tens of thousands: a closure for each costs more. */
class CachedKey implements LiveKey {
  readonly record: Stored<KeyRecord>
  readonly arn: KeyArn
  readonly opened: OpenedMaterials = { first: undefined, more: undefined }
  readonly #compile: Compile

  constructor(record: Stored<KeyRecord>, compile: Compile) {
    this.record = record
    this.arn = keyArn(record.region, record.account, record.keyId)
    this.#compile = compile
  }

  /** From the bounded memory each time: a compiled policy takes many times what its text does. */
  get policy(): CompiledPolicy {
    return this.#compile(this.record.policy)
  }
}

type DirectoryStorage = Pick<StorageReader, 'key' | 'accountOfKey' | 'material' | 'alias' | 'grants' | 'aliasNamesOf'>

const sharedWords = 10_000
const enabled: KeyState = { kind: 'Enabled' }
const noTags: readonly Tag[] = []
const none: readonly OpenedMaterial[] = []

/** T with every one of its members named: none can be forgotten. */
type Whole<T> = { [K in keyof Required<T>]: T[K] }

/** Materials of a multi-Region key have the same ids in each Region. */
function furtherName({ region }: KeyRecord, prefix: string): string {
  return prefix + region
}

function isKind<K extends MaterialKind>(material: OpenedMaterial | undefined, kind: K): material is MaterialOf<K> {
  return material?.kind === kind
}

function weightOf(list: readonly unknown[]): number {
  return list.length + 1
}

export function createKeyDirectory(
  storage: DirectoryStorage,
  keyStore: KeyStore,
  slots: RevisionSlots,
  compile: Compile,
  limits: DirectoryLimits,
): KeyDirectory {
  const keys = new CoherentCache<LiveKey>(slots, limits.keys)
  const aliases = new CoherentCache<Stored<AliasRecord>>(slots, limits.aliases)
  const grants = new CoherentCache<readonly Grant[]>(slots, limits.lists, { weigh: weightOf })
  const aliasNames = new CoherentCache<readonly AliasName[]>(slots, limits.lists, { weigh: weightOf })
  const owners = new LRUCache<string, AccountId>({ max: limits.keys })
  const further = new LRUCache<string, FurtherMaterial>({ max: furtherMaterials })
  const words = new SharedWords()

  /** `record` with what is derived from it once. */
  function live(record: Stored<KeyRecord>): LiveKey {
    return new CachedKey(compact(record), compile)
  }

  /**
   * `record` as it is kept: what it has in common with other keys is theirs too. Written out, for what comes from a parser and
   * is spread has a table of its properties with it, three times as large and slower to read.
   */
  function compact(record: Stored<KeyRecord>): Whole<Stored<KeyRecord>> {
    return {
      region: words.shared(record.region),
      account: words.shared(record.account),
      keyId: record.keyId,
      creationDate: record.creationDate,
      description: record.description,
      keySpec: words.shared(record.keySpec),
      keyUsage: words.shared(record.keyUsage),
      origin: words.shared(record.origin),
      keyManager: words.shared(record.keyManager),
      state: record.state.kind === 'Enabled' ? enabled : record.state,
      tags: record.tags.length === 0 ? noTags : record.tags,
      policy: compile(record.policy).text,
      currentMaterialId: record.currentMaterialId,
      rotation: record.rotation,
      imported: record.imported,
      multiRegion: record.multiRegion,
      rev: record.rev,
    }
  }

  function opened({ record, opened: known }: LiveKey, prefix: string): MaybeAsync<OpenedMaterial | undefined> {
    if (known.first?.materialId.startsWith(prefix) === true) return known.first
    const { more } = known
    if (more !== undefined) {
      const isFull = more.length >= materialsPerKey
      if (isFull) {
        const found = further.get(furtherName(record, prefix))
        if (found?.opened === known) return found.material
      }
      // A key has one material, or a few: looking through them is cheaper than a table for each key.
      for (const material of more) {
        if (!material.materialId.startsWith(prefix)) continue
        if (isFull) further.set(furtherName(record, prefix), { material, opened: known })
        return material
      }
    }
    return openStored(record, known, prefix)
  }

  function openStored(
    record: LiveKey['record'],
    known: OpenedMaterials,
    prefix: string,
  ): MaybeAsync<OpenedMaterial | undefined> {
    return after(storage.material(record, record.keyId, prefix), (stored) => {
      if (stored === undefined) return undefined
      const { currentMaterialId } = record
      // One text for both.
      const same = stored.materialId === currentMaterialId ? { ...stored, materialId: currentMaterialId } : stored
      return after(keyStore.open(same), (material) => {
        const more = known.more ?? none
        if (known.first === undefined) known.first = material
        else if (more.length < materialsPerKey) (known.more ??= []).push(material)
        else further.set(furtherName(record, prefix), { material, opened: known })
        return material
      })
    })
  }

  // Most installations have one account and one Region. The keys of the place that is asked for first are cached under their
  // ids alone: texts put together are copied, and hashed anew, each time they are looked for. Ids are shorter than other names.
  let first: Place | undefined

  function nameOf({ region, account }: Place, keyId: KeyId): string {
    first ??= { region, account }
    return region === first.region && account === first.account ? keyId : keyId + account + region
  }

  function ownerName(region: Region, keyId: KeyId): string {
    return region === first?.region ? keyId : keyId + region
  }

  function keyAt(place: Place, keyId: KeyId): MaybeAsync<LiveKey | undefined> {
    const name = nameOf(place, keyId)
    return keys.fresh(name) ?? loadKey(name, place, keyId)
  }

  function loadKey(name: string, place: Place, keyId: KeyId): MaybeAsync<LiveKey | undefined> {
    return keys.load(name, cacheName.key(place, keyId), () =>
      after(storage.key(place, keyId), (record) => (record === undefined ? undefined : live(record))),
    )
  }

  /**
   * Ends a request for material that isn't there when the key has been changed since the request found it as `key`: imported
   * material goes at once, also from under the requests that are using it.
   */
  function refuseSuperseded({ record: { region, account, keyId, imported }, arn, opened: held }: LiveKey): void {
    if (imported === undefined || keys.fresh(nameOf({ region, account }, keyId))?.opened === held) return
    throw new RefusalError(refusal('KMSInvalidStateException', `${arn} is pending import.`))
  }

  function loadAlias(name: string, place: Place, alias: AliasName): MaybeAsync<Stored<AliasRecord> | undefined> {
    return aliases.load(name, cacheName.alias(place, alias), () => storage.alias(place, alias))
  }

  function loadGrantsOf(name: string, place: Place, keyId: KeyId, grantee: string): MaybeAsync<readonly Grant[]> {
    const loaded = grants.load(name, cacheName.grants(place, keyId), () => loadGrants(storage, place, keyId, grantee))
    return after(loaded, (found) => found ?? [])
  }

  function loadAliasNames(name: string, place: Place, keyId: KeyId): MaybeAsync<readonly AliasName[]> {
    const loaded = aliasNames.load(name, cacheName.aliasTargets(place), () => storage.aliasNamesOf(place, keyId))
    return after(loaded, (found) => found ?? [])
  }

  function search(region: Region, keyId: KeyId): MaybeAsync<LiveKey | undefined> {
    return after(storage.accountOfKey(region, keyId), (account) => {
      if (account === undefined) return undefined
      owners.set(ownerName(region, keyId), words.shared(account))
      return keyAt({ region, account }, keyId)
    })
  }

  return {
    key: keyAt,
    keyAnywhere: (region, keyId) => {
      const account = owners.get(ownerName(region, keyId))
      if (account === undefined) return search(region, keyId)
      // Once a key was deleted, another account may have one with its id, if only where ids can be chosen.
      return after(keyAt({ region, account }, keyId), (key) => key ?? search(region, keyId))
    },
    alias: (place, alias) => {
      const name = `${alias} ${place.account}${place.region}`
      return aliases.fresh(name) ?? loadAlias(name, place, alias)
    },
    grants: (place, keyId, grantee) => {
      const name = `${keyId} ${place.account}${place.region} ${grantee}`
      return grants.fresh(name) ?? loadGrantsOf(name, place, keyId, grantee)
    },
    aliasNamesOf: (place, keyId) => {
      const name = `${keyId} ${place.account}${place.region}`
      return aliasNames.fresh(name) ?? loadAliasNames(name, place, keyId)
    },
    currentMaterial: (key, kind) => {
      const { currentMaterialId = '' } = key.record
      return after(opened(key, currentMaterialId.slice(0, prefixLength)), (material) => {
        if (isKind(material, kind) && material.materialId === currentMaterialId) return material
        if (material === undefined) refuseSuperseded(key)
        throw new IntegrityError(`the current key material of ${key.arn} is missing`)
      })
    },
    // A ciphertext blob can name any key, if nobody but its forger ever wrote it.
    material: (key, prefix) =>
      after(opened(key, prefix), (material) => {
        // Not as one that is damaged for good: whoever is told so throws his ciphertext away.
        if (material === undefined) refuseSuperseded(key)
        return isKind(material, 'symmetric') ? material : undefined
      }),
  }
}
