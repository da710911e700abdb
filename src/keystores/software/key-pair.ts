/** Opened key pairs in the memory of this process: one class for each usage. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeyMaterialId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { decapsulateSecret, deriveSharedSecret, encapsulateSecret } from '#crypto/key-agreement.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { publicKeyDer } from '#crypto/public-key.ts'
import type { PairEncryptionAlgorithm } from '#crypto/algorithms.ts'
import { decryptOaepAside, encryptOaep } from '#crypto/rsa-encryption.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import type { Sm2Operations } from '#crypto/sm2-operations.ts'
import type { AgreementMaterial, DecryptionMaterial, EncapsulationMaterial } from '#ports/key-store.ts'
import type { PairMaterial, SigningMaterial } from '#ports/key-store.ts'
import type { KeyMaterialRecord } from '#records/key.ts'

/** What of a record says how its bytes are used. */
export type MaterialIdentity = Pick<KeyMaterialRecord, 'keyId' | 'materialId' | 'keySpec' | 'keyUsage'>

/** What pairs work with. */
export interface PairTools {
  readonly signing: SigningTools
  readonly sm2: Sm2Operations
}

/** The pair of `privateKey` for the key usage that `identity` names; undefined for a usage without pairs. */
export function openKeyPair(
  identity: MaterialIdentity,
  privateKey: KeyObject,
  tools: PairTools,
): PairMaterial | undefined {
  switch (identity.keyUsage) {
    case 'SIGN_VERIFY':
      return new SoftwareSigning(identity, privateKey, tools.signing)
    case 'ENCRYPT_DECRYPT':
      return new SoftwareDecryption(identity, privateKey, tools.sm2)
    case 'KEY_AGREEMENT':
      return new SoftwareAgreement(identity, privateKey, tools.sm2)
    case 'ENCAPSULATE_DECAPSULATE':
      return new SoftwareEncapsulation(identity, privateKey)
    case 'GENERATE_VERIFY_MAC':
      return undefined
    default:
      return exhaustive(identity.keyUsage)
  }
}

/** What every pair has: its two halves as OpenSSL works with them. */
class SoftwareKeyPair {
  readonly materialId: KeyMaterialId
  readonly publicKey: Buffer
  protected readonly spec: KeySpec
  readonly #private: KeyObject
  readonly #public: KeyObject

  constructor({ materialId, keySpec }: MaterialIdentity, privateKey: KeyObject) {
    this.materialId = materialId
    this.spec = keySpec
    this.#private = privateKey
    this.#public = createPublicKey(privateKey)
    this.publicKey = publicKeyDer(this.#public)
  }

  protected get privateHalf(): KeyObject {
    return this.#private
  }

  protected get publicHalf(): KeyObject {
    return this.#public
  }
}

class SoftwareSigning extends SoftwareKeyPair implements SigningMaterial {
  readonly #tools: SigningTools

  constructor(identity: MaterialIdentity, privateKey: KeyObject, tools: SigningTools) {
    super(identity, privateKey)
    this.#tools = tools
  }

  get kind(): 'signing' {
    return 'signing'
  }

  sign(input: SigningInput): MaybeAsync<Buffer | undefined> {
    return sign(this.privateHalf, this.spec, input, this.#tools)
  }

  verify(input: SigningInput, signature: Buffer): MaybeAsync<boolean | undefined> {
    return verify(this.publicHalf, this.spec, input, signature, this.#tools)
  }
}

function secret(bytes: Buffer | undefined): SecretBytes | undefined {
  return bytes === undefined ? undefined : new SecretBytes(bytes)
}

class SoftwareDecryption extends SoftwareKeyPair implements DecryptionMaterial {
  readonly #sm2: Sm2Operations

  constructor(identity: MaterialIdentity, privateKey: KeyObject, sm2: Sm2Operations) {
    super(identity, privateKey)
    this.#sm2 = sm2
  }

  get kind(): 'decryption' {
    return 'decryption'
  }

  encrypt(algorithm: PairEncryptionAlgorithm, plaintext: Buffer): MaybeAsync<Buffer> {
    if (algorithm === 'SM2PKE') return this.#sm2.encryptSm2(this.publicHalf, plaintext)
    return encryptOaep(this.publicHalf, algorithm, plaintext)
  }

  decrypt(algorithm: PairEncryptionAlgorithm, ciphertext: Buffer): MaybeAsync<SecretBytes | undefined> {
    if (algorithm === 'SM2PKE') return after(this.#sm2.decryptSm2(this.privateHalf, ciphertext), secret)
    return after(decryptOaepAside(this.privateHalf, algorithm, ciphertext), secret)
  }
}

class SoftwareAgreement extends SoftwareKeyPair implements AgreementMaterial {
  readonly #sm2: Sm2Operations

  constructor(identity: MaterialIdentity, privateKey: KeyObject, sm2: Sm2Operations) {
    super(identity, privateKey)
    this.#sm2 = sm2
  }

  get kind(): 'agreement' {
    return 'agreement'
  }

  deriveSharedSecret(spki: Buffer): MaybeAsync<SecretBytes | undefined> {
    return after(deriveSharedSecret(this.privateHalf, this.spec, spki, this.#sm2), secret)
  }
}

class SoftwareEncapsulation extends SoftwareKeyPair implements EncapsulationMaterial {
  get kind(): 'encapsulation' {
    return 'encapsulation'
  }

  encapsulate(): { readonly secret: SecretBytes; readonly ciphertext: Buffer } {
    const { secret: bytes, ciphertext } = encapsulateSecret(this.publicHalf)
    return { secret: new SecretBytes(bytes), ciphertext }
  }

  decapsulate(ciphertext: Buffer): SecretBytes | undefined {
    return secret(decapsulateSecret(this.privateHalf, this.spec, ciphertext))
  }
}
