import type { KeyMaterialId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { PairEncryptionAlgorithm } from '#crypto/algorithms.ts'
import type { SigningInput } from '#crypto/signing.ts'
import type { KeyMaterialRecord, KeyRecord } from '#records/key.ts'

/** What new material is made for. */
export type MaterialOwner = Pick<
  KeyRecord,
  'region' | 'account' | 'keyId' | 'creationDate' | 'origin' | 'keySpec' | 'keyUsage'
>

/** Where key material lives and works. */
export interface KeyStore {
  /** Makes new key material and answers its wrapped record; nothing is stored yet. */
  generate(owner: MaterialOwner): MaybeAsync<KeyMaterialRecord>
  /**
   * The wrapped record of material that its owner brought; undefined when `brought` is not material of the owner's key spec.
   * `brought` stays the caller's to destroy.
   */
  adopt(owner: MaterialOwner, brought: SecretBytes): MaybeAsync<KeyMaterialRecord | undefined>
  /**
   * The material of `record` for `owner`, a key of another Region with the same key id. Throws IntegrityError when the record is
   * not what the key store wrapped.
   */
  replicate(record: KeyMaterialRecord, owner: MaterialOwner): MaybeAsync<KeyMaterialRecord>
  /** Opens material for use. Throws IntegrityError when the record is not what the key store wrapped. */
  open(record: KeyMaterialRecord): MaybeAsync<OpenedMaterial>
}

/** Opened material by what can be done with it: what key spec and key usage say together. */
export type OpenedMaterial = SymmetricMaterial | MacMaterial | PairMaterial
/** Material that is a key pair. */
export type PairMaterial = SigningMaterial | DecryptionMaterial | AgreementMaterial | EncapsulationMaterial
/** What kinds of opened material there are. */
export type MaterialKind = OpenedMaterial['kind']
/** The opened material of one kind. */
export type MaterialOf<K extends MaterialKind> = Extract<OpenedMaterial, { readonly kind: K }>

/** Symmetric material, ready to use; cached by its user. It holds bytes until it is garbage. */
export interface SymmetricMaterial {
  readonly kind: 'symmetric'
  readonly materialId: KeyMaterialId
  /**
   * Encrypts `plaintext` (at most 4,096 bytes, owned by the caller) bound to `context` (canonical encryption context) into a
   * ciphertext blob, which the caller owns.
   */
  encrypt(plaintext: Buffer, context: Buffer): MaybeAsync<Buffer>
  /** The plaintext of `blob`, or undefined when blob or context are not exactly what was encrypted. */
  decrypt(blob: Buffer, context: Buffer): MaybeAsync<SecretBytes | undefined>
}

/** Material of an HMAC key, ready to use; cached by its user. It has one algorithm. */
export interface MacMaterial {
  readonly kind: 'mac'
  readonly materialId: KeyMaterialId
  /** The MAC of `message`, owned by the caller. */
  generate(message: Buffer): MaybeAsync<Buffer>
  /** Whether `mac` is the whole MAC of `message`; takes the same time wherever the two differ. */
  verify(message: Buffer, mac: Buffer): MaybeAsync<boolean>
}

interface KeyPairMaterial {
  readonly materialId: KeyMaterialId
  /** The public key as SubjectPublicKeyInfo in DER: the material's own, not to be changed. */
  readonly publicKey: Buffer
}

/** A key pair for signatures, ready to use; cached by its user. Callers have checked the message for the algorithm. */
export interface SigningMaterial extends KeyPairMaterial {
  readonly kind: 'signing'
  /** The signature, owned by the caller. Undefined, here and below: this key store has no way to do it. */
  sign(input: SigningInput): MaybeAsync<Buffer | undefined>
  verify(input: SigningInput, signature: Buffer): MaybeAsync<boolean | undefined>
}

/** A key pair for encryption, ready to use; cached by its user. Ciphertexts carry no name: whoever has the public key makes them. */
export interface DecryptionMaterial extends KeyPairMaterial {
  readonly kind: 'decryption'
  /** The ciphertext, owned by the caller, who has looked at the size of `plaintext` (crypto/key-specs.ts, largestPlaintext). */
  encrypt(algorithm: PairEncryptionAlgorithm, plaintext: Buffer): MaybeAsync<Buffer>
  /** The plaintext, or undefined for whatever is wrong with the ciphertext. */
  decrypt(algorithm: PairEncryptionAlgorithm, ciphertext: Buffer): MaybeAsync<SecretBytes | undefined>
}

/** A key pair for key agreement, ready to use; cached by its user. */
export interface AgreementMaterial extends KeyPairMaterial {
  readonly kind: 'agreement'
  /** The shared secret with the owner of the public key `spki`; undefined when that isn't a public key on the same curve. */
  deriveSharedSecret(spki: Buffer): MaybeAsync<SecretBytes | undefined>
}

/** A key pair for key encapsulation (FIPS 203), ready to use; cached by its user. */
export interface EncapsulationMaterial extends KeyPairMaterial {
  readonly kind: 'encapsulation'
  /** A fresh secret and the ciphertext that carries it: both the caller's. */
  encapsulate(): MaybeAsync<{ readonly secret: SecretBytes; readonly ciphertext: Buffer }>
  /** The secret in `ciphertext`; undefined only when that has not the length of the key spec's. */
  decapsulate(ciphertext: Buffer): MaybeAsync<SecretBytes | undefined>
}
