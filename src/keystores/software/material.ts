/** Opened key material in the memory of this process: one class for each kind, those of key pairs in key-pair.ts. */
import type { KeyMaterialId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { blobMaterial, openBlob, sealBlob, type BlobMaterial } from '#crypto/ciphertext-blob.ts'
import { portableDigestSigner } from '#crypto/digest-signer.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { nonceLength } from '#crypto/kdf.ts'
import { acceptableBytes, isRandomMaterial } from '#crypto/key-pair.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import { generateMac, openMacKey, verifyMac } from '#crypto/mac.ts'
import { openPrivateKey } from '#crypto/private-key.ts'
import type { SigningAside } from '#crypto/signing.ts'
import { portableMultiplication } from '#crypto/sm2-multiplication.ts'
import { sm2Operations, type Sm2Operations } from '#crypto/sm2-operations.ts'
import type { Random } from '#ports/edge.ts'
import type { MacMaterial, OpenedMaterial, SymmetricMaterial } from '#ports/key-store.ts'
import { openKeyPair, type MaterialIdentity, type PairTools } from './key-pair.ts'

/** What opened material works with. */
export interface MaterialTools extends PairTools {
  readonly random: Random
}

/** What another thread does for this one. */
export type Aside = SigningAside & Sm2Operations

/** The tools that every Node.js has, and `aside` for what takes long. */
export function materialTools(random: Random, aside?: Aside): MaterialTools {
  const bytes = (size: number): Buffer => random.bytes(size)
  return {
    random,
    signing: { random: bytes, digests: portableDigestSigner(bytes), aside },
    sm2: aside ?? sm2Here(random),
  }
}

/** SM2 on the calling thread, which waits for it. */
export function sm2Here(random: Pick<Random, 'bytes'>): Sm2Operations {
  const bytes = (size: number): Buffer => random.bytes(size)
  return sm2Operations(portableMultiplication(bytes), bytes)
}

/** The material of `bytes`, which stay the caller's to overwrite; undefined when they aren't material of that key spec. */
export function openMaterial(
  identity: MaterialIdentity,
  bytes: Buffer,
  tools: MaterialTools,
): OpenedMaterial | undefined {
  const { keyId, materialId, keySpec } = identity
  if (!isRandomMaterial(keySpec)) {
    return openKeyPair(identity, openPrivateKey(bytes), tools)
  }
  if (!acceptableBytes(keySpec, bytes)) return undefined
  const { material, usages } = keySpecs[keySpec]
  if (material.kind === 'symmetric') {
    return new SoftwareMaterial(materialId, blobMaterial(bytes, keyId, materialId), tools.random)
  }
  const [algorithm] = usages.GENERATE_VERIFY_MAC ?? []
  return algorithm === undefined ? undefined : new SoftwareMac(materialId, openMacKey(algorithm, bytes))
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

  /** Of all of them, so it takes no room in each. */
  get kind(): 'symmetric' {
    return 'symmetric'
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

class SoftwareMac implements MacMaterial {
  readonly materialId: KeyMaterialId
  readonly #key: HmacKey

  constructor(materialId: KeyMaterialId, key: HmacKey) {
    this.materialId = materialId
    this.#key = key
  }

  get kind(): 'mac' {
    return 'mac'
  }

  generate(message: Buffer): Buffer {
    return generateMac(this.#key, message)
  }

  verify(message: Buffer, mac: Buffer): boolean {
    return verifyMac(this.#key, message, mac)
  }
}
