/** Opened key pairs in the memory of this process: one class for each usage. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeyMaterialId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { decapsulateSecret, deriveSharedSecret, encapsulateSecret } from '#crypto/key-agreement.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { publicKeyDer } from '#crypto/public-key.ts'
import { decryptOaepAside, encryptOaep, type OaepAlgorithm } from '#crypto/rsa-encryption.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import type { AgreementMaterial, DecryptionMaterial, EncapsulationMaterial } from '#ports/key-store.ts'
import type { PairMaterial, SigningMaterial } from '#ports/key-store.ts'
import type { KeyMaterialRecord } from '#records/key.ts'

/** What of a record says how its bytes are used. */
export type MaterialIdentity = Pick<KeyMaterialRecord, 'keyId' | 'materialId' | 'keySpec' | 'keyUsage'>

/** The pair of `privateKey` for the key usage that `identity` names; undefined for a usage without pairs. */
export function openKeyPair(
  identity: MaterialIdentity,
  privateKey: KeyObject,
  tools: SigningTools,
): PairMaterial | undefined {
  switch (identity.keyUsage) {
    case 'SIGN_VERIFY':
      return new SoftwareSigning(identity, privateKey, tools)
    case 'ENCRYPT_DECRYPT':
      return new SoftwareDecryption(identity, privateKey)
    case 'KEY_AGREEMENT':
      return new SoftwareAgreement(identity, privateKey)
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
  get kind(): 'decryption' {
    return 'decryption'
  }

  encrypt(algorithm: OaepAlgorithm, plaintext: Buffer): Buffer {
    return encryptOaep(this.publicHalf, algorithm, plaintext)
  }

  decrypt(algorithm: OaepAlgorithm, ciphertext: Buffer): MaybeAsync<SecretBytes | undefined> {
    return after(decryptOaepAside(this.privateHalf, algorithm, ciphertext), secret)
  }
}

class SoftwareAgreement extends SoftwareKeyPair implements AgreementMaterial {
  get kind(): 'agreement' {
    return 'agreement'
  }

  deriveSharedSecret(spki: Buffer): MaybeAsync<SecretBytes | undefined> {
    return after(deriveSharedSecret(this.privateHalf, this.spec, spki), secret)
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
