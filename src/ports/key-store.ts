import type { KeyMaterialId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
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
  /** Opens material for use. Throws IntegrityError when the record is not what the key store wrapped. */
  open(record: KeyMaterialRecord): MaybeAsync<OpenedMaterial>
}

/** Opened material by what can be done with it: what key spec and key usage say together. */
export type OpenedMaterial = SymmetricMaterial | MacMaterial | SigningMaterial
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

/** A key pair for signatures, ready to use; cached by its user. Callers have checked the message for the algorithm. */
export interface SigningMaterial {
  readonly kind: 'signing'
  readonly materialId: KeyMaterialId
  /** The public key as SubjectPublicKeyInfo in DER: the material's own, not to be changed. */
  readonly publicKey: Buffer
  /** The signature, owned by the caller. */
  sign(input: SigningInput): MaybeAsync<Buffer>
  verify(input: SigningInput, signature: Buffer): MaybeAsync<boolean>
}
