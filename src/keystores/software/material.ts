/** Opened key material in the memory of this process: one class for each kind. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeyMaterialId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { blobMaterial, openBlob, sealBlob, type BlobMaterial } from '#crypto/ciphertext-blob.ts'
import { portableDigestSigner } from '#crypto/digest-signer.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { nonceLength } from '#crypto/kdf.ts'
import { acceptableBytes, randomMaterialLength } from '#crypto/key-pair.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import { generateMac, openMacKey, verifyMac } from '#crypto/mac.ts'
import { openPrivateKey } from '#crypto/private-key.ts'
import { publicKeyDer } from '#crypto/public-key.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import type { Random } from '#ports/edge.ts'
import type { MacMaterial, OpenedMaterial, SigningMaterial, SymmetricMaterial } from '#ports/key-store.ts'
import type { KeyMaterialRecord } from '#records/key.ts'

/** What of a record says how its bytes are used. */
type MaterialIdentity = Pick<KeyMaterialRecord, 'keyId' | 'materialId' | 'keySpec' | 'keyUsage'>

/** What opened material works with. */
export interface MaterialTools {
  readonly random: Random
  readonly signing: SigningTools
}

/** The tools that every Node.js has. */
export function materialTools(random: Random): MaterialTools {
  const bytes = (size: number): Buffer => random.bytes(size)
  return { random, signing: { random: bytes, digests: portableDigestSigner(bytes) } }
}

/** The material of `bytes`, which stay the caller's to overwrite; undefined when they aren't material of that key spec. */
export function openMaterial(
  identity: MaterialIdentity,
  bytes: Buffer,
  tools: MaterialTools,
): OpenedMaterial | undefined {
  const { keyId, materialId, keySpec, keyUsage } = identity
  if (randomMaterialLength(keySpec) === undefined) {
    return keyUsage === 'SIGN_VERIFY' ? new SoftwareSigning(identity, openPrivateKey(bytes), tools.signing) : undefined
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

class SoftwareSigning implements SigningMaterial {
  readonly materialId: KeyMaterialId
  readonly publicKey: Buffer
  readonly #spec: KeySpec
  readonly #private: KeyObject
  readonly #public: KeyObject
  readonly #tools: SigningTools

  constructor({ materialId, keySpec }: MaterialIdentity, privateKey: KeyObject, tools: SigningTools) {
    this.materialId = materialId
    this.#spec = keySpec
    this.#private = privateKey
    this.#public = createPublicKey(privateKey)
    this.publicKey = publicKeyDer(this.#public)
    this.#tools = tools
  }

  get kind(): 'signing' {
    return 'signing'
  }

  sign(input: SigningInput): MaybeAsync<Buffer> {
    return sign(this.#private, this.#spec, input, this.#tools)
  }

  verify(input: SigningInput, signature: Buffer): MaybeAsync<boolean> {
    return verify(this.#public, this.#spec, input, signature, this.#tools)
  }
}
