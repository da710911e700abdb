/** Trent's own key store: key material is random bytes of this process, wrapped under a domain key and used in memory. */
import { IntegrityError } from '#base/integrity-error.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import { ivLength, lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import { importedMaterial } from '#crypto/imported-material.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { generatePair, randomMaterialLength, type GenerateKeyPair } from '#crypto/key-pair.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyStore, MaterialOwner, OpenedMaterial } from '#ports/key-store.ts'
import type { KeyMaterialRecord } from '#records/key.ts'
import { materialTools, openMaterial, type Aside } from './material.ts'

export interface SoftwareKeyStoreOptions {
  readonly hierarchy: Hierarchy
  readonly random: Random
  readonly keyPairs: GenerateKeyPair
  /** Where slow signatures are made and SM2 is done. Default: on the calling thread. */
  readonly aside?: Aside | undefined
}

export function createSoftwareKeyStore({ hierarchy, random, keyPairs, aside }: SoftwareKeyStoreOptions): KeyStore {
  const tools = materialTools(random, aside)

  function generate(owner: MaterialOwner): MaybeAsync<KeyMaterialRecord> {
    const length = randomMaterialLength(owner.keySpec, owner.region)
    if (length !== undefined) return wrapped(owner, random.bytes(length))
    return generatePair(owner.keySpec, keyPairs).then(({ privateKey }) => wrapped(owner, privateKey))
  }

  function adopt(owner: MaterialOwner, brought: SecretBytes): MaybeAsync<KeyMaterialRecord | undefined> {
    return after(importedMaterial(owner.keySpec, brought.insecureSecretAccess(), owner.region), (bytes) =>
      bytes === undefined ? undefined : wrapped(owner, bytes),
    )
  }

  /** The record of `bytes`, which are overwritten. */
  function wrapped(owner: MaterialOwner, bytes: Buffer): KeyMaterialRecord {
    const { region, account, keyId, creationDate, origin, keySpec, keyUsage } = owner
    const identity = {
      region,
      account,
      keyId,
      materialId: keyMaterialId(bytes, keyId),
      creationDate,
      origin,
      keySpec,
      keyUsage,
      exportable: false,
      epoch: hierarchy.currentEpoch,
    } as const
    const key = hierarchy.domainKey(identity.epoch)
    const text = wrapBytes(key, random.bytes(ivLength), bytes, rowIdentity(hierarchy.installationId, identity))
    bytes.fill(0)
    return { ...identity, wrapped: text.toString('base64') }
  }

  /** The bytes of a record, which the caller overwrites. */
  function unwrapped(record: KeyMaterialRecord): Buffer | undefined {
    const aad = rowIdentity(hierarchy.installationId, record)
    return unwrapBytes(hierarchy.domainKey(record.epoch), Buffer.from(record.wrapped, 'base64'), aad)
  }

  function replicate(record: KeyMaterialRecord, owner: MaterialOwner): KeyMaterialRecord {
    const bytes = unwrapped(record)
    if (bytes === undefined) throw notWhatWasStored(record)
    const copy = wrapped(owner, bytes)
    // Ids are made of the bytes and the key id, which both have.
    if (copy.materialId !== record.materialId) throw notWhatWasStored(record)
    return copy
  }

  function open(record: KeyMaterialRecord): OpenedMaterial {
    const bytes = unwrapped(record)
    const material = bytes === undefined ? undefined : openMaterial(record, bytes, tools)
    bytes?.fill(0)
    if (material === undefined) throw notWhatWasStored(record)
    return material
  }

  return { generate, adopt, replicate, open }
}

function notWhatWasStored({ keyId, materialId }: KeyMaterialRecord): IntegrityError {
  return new IntegrityError(`key material ${materialId} of key ${keyId} is not what was stored`)
}

/** All that a record of key material says of it: moved to another row or changed in any word, it doesn't unwrap any more. */
function rowIdentity(installationId: string, record: Omit<KeyMaterialRecord, 'wrapped'>): Buffer {
  return lengthPrefixed(
    'hbk',
    installationId,
    record.account,
    record.keyId,
    record.materialId,
    record.origin,
    record.keySpec,
    record.keyUsage,
    String(record.exportable),
    String(record.epoch),
    record.region,
    String(record.creationDate),
  )
}
