/** Trent's own key store: key material is random bytes of this process, wrapped under a domain key and used in memory. */
import type { KeyMaterialId } from '#base/brand.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { ivLength, lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import { blobMaterial, openBlob, sealBlob, type BlobMaterial } from '#crypto/ciphertext-blob.ts'
import { nonceLength } from '#crypto/kdf.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyStore, MaterialOwner, SymmetricMaterial } from '#ports/key-store.ts'
import type { KeyMaterialRecord } from '#records/key.ts'

const materialLength = 32

export interface SoftwareKeyStoreOptions {
  readonly hierarchy: Hierarchy
  readonly random: Random
}

export function createSoftwareKeyStore({ hierarchy, random }: SoftwareKeyStoreOptions): KeyStore {
  function generate(owner: MaterialOwner): KeyMaterialRecord {
    const { region, account, keyId, creationDate, origin, keySpec, keyUsage } = owner
    const bytes = random.bytes(materialLength)
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
    const wrapped = wrapBytes(key, random.bytes(ivLength), bytes, rowIdentity(hierarchy.installationId, identity))
    bytes.fill(0)
    return { ...identity, wrapped: wrapped.toString('base64') }
  }

  function open(record: KeyMaterialRecord): SymmetricMaterial {
    const { keyId, materialId, epoch } = record
    const aad = rowIdentity(hierarchy.installationId, record)
    const bytes = unwrapBytes(hierarchy.domainKey(epoch), Buffer.from(record.wrapped, 'base64'), aad)
    if (bytes?.length !== materialLength) {
      bytes?.fill(0)
      throw new IntegrityError(`key material ${materialId} of key ${keyId} is not what was stored`)
    }
    const material = blobMaterial(bytes, keyId, materialId)
    bytes.fill(0)
    return new SoftwareMaterial(materialId, material, random)
  }

  return { generate, open }
}

// One nonce buffer for all materials: sealBlob has copied it when it returns.
const nonce = Buffer.alloc(nonceLength)

/** Opened material. A class, for it hides bytes, and because there are tens of thousands: closures for each cost more. */
class SoftwareMaterial implements SymmetricMaterial {
  readonly materialId: KeyMaterialId
  readonly #material: BlobMaterial
  readonly #random: Random

  constructor(materialId: KeyMaterialId, material: BlobMaterial, random: Random) {
    this.materialId = materialId
    this.#material = material
    this.#random = random
  }

  encrypt(plaintext: Buffer, context: Buffer): Buffer {
    this.#random.fill(nonce)
    return sealBlob(this.#material, nonce, plaintext, context)
  }

  decrypt(blob: Buffer, context: Buffer): SecretBytes | undefined {
    const plaintext = openBlob(this.#material, blob, context)
    return plaintext === undefined ? undefined : new SecretBytes(plaintext)
  }
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
