/** Opening ciphertext blobs, and plaintext that exists only while it is used: for Decrypt, ReEncrypt and data keys. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import { parseBlobHeader } from '#crypto/ciphertext-blob.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import type { KeyDirectory, LiveKey } from '#ports/key-directory.ts'
import { materialsIn } from './imported.ts'

/** The caller owns `plaintext`. */
export interface Opened {
  readonly plaintext: SecretBytes
  readonly materialId: KeyMaterialId
}

interface CiphertextRequest {
  readonly CiphertextBlob?: Buffer | undefined
  readonly DryRun?: boolean | undefined
  readonly DryRunModifiers?: readonly 'IGNORE_CIPHERTEXT'[] | undefined
}

/**
 * Whether only permissions are asked for, whatever the ciphertext: a dry run that is told to ignore it (since February 2026).
 */
export function ignoresCiphertext({ DryRun, DryRunModifiers }: CiphertextRequest): boolean {
  return DryRun === true && DryRunModifiers?.includes('IGNORE_CIPHERTEXT') === true
}

/**
 * Refuses a request without ciphertext, in the words for a missing required member: it is one, except where the ciphertext is
 * ignored, and the service model has no way to say so. Then the key must be named, for nothing else does.
 */
export function refuseCiphertextMembers(request: CiphertextRequest, keyId: string | undefined): Refusal | undefined {
  if (ignoresCiphertext(request)) {
    // Unverified wording.
    return keyId === undefined
      ? refusal('ValidationException', 'You must specify a key ID when DryRunModifiers contains IGNORE_CIPHERTEXT.')
      : undefined
  }
  if ((request.DryRunModifiers ?? []).length > 0 && request.DryRun !== true) {
    // Unverified wording.
    return refusal('ValidationException', 'DryRunModifiers can be specified only when DryRun is true.')
  }
  if (request.CiphertextBlob !== undefined) return undefined
  return refusal(
    'ValidationException',
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
  )
}

type RefuseCiphertext = (code: 'InvalidCiphertextException' | 'IncorrectKeyException', message?: string) => never

/**
 * The plaintext of `blob` under the material of `key` that the blob names. A blob of another key is an
 * IncorrectKeyException; anything else that does not open is an InvalidCiphertextException, which says nothing more.
 */
export function openCiphertext(
  key: LiveKey,
  blob: Buffer | undefined,
  context: Buffer,
  directory: KeyDirectory,
  fail: RefuseCiphertext,
): MaybeAsync<Opened> {
  const header = blob === undefined ? undefined : parseBlobHeader(blob)
  if (blob === undefined || header === undefined) return fail('InvalidCiphertextException')
  if (header.keyId !== key.record.keyId) {
    return fail(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  }
  // Nothing was encrypted under material that waits for a rotation.
  const isPending = materialsIn(key.record).some(
    ({ standing, materialId }) => standing === 'pending' && materialId.startsWith(header.materialPrefix),
  )
  if (isPending) return fail('InvalidCiphertextException')
  return after(directory.material(key, header.materialPrefix), (material) =>
    material === undefined
      ? fail('InvalidCiphertextException')
      : after(material.decrypt(blob, context), (plaintext) =>
          plaintext === undefined ? fail('InvalidCiphertextException') : { plaintext, materialId: material.materialId },
        ),
  )
}

/** What `use` makes of the bytes of `secret`, which are overwritten as soon as it has ended, however it ended. */
export function useOnce<T>(secret: SecretBytes, use: (bytes: Buffer) => MaybeAsync<T>): MaybeAsync<T> {
  const result = forgetOnFailure(secret, use)
  if (result instanceof Promise) {
    return result.finally(() => {
      secret.destroy()
    })
  }
  secret.destroy()
  return result
}

/** What `use` makes of the bytes of `secret`, which are overwritten only when it fails: else they stay the caller's. */
export function forgetOnFailure<T>(secret: SecretBytes, use: (bytes: Buffer) => MaybeAsync<T>): MaybeAsync<T> {
  const forget = (error: unknown): never => {
    secret.destroy()
    throw error
  }
  try {
    const result = use(secret.insecureSecretAccess())
    return result instanceof Promise ? result.catch(forget) : result
  } catch (error) {
    return forget(error)
  }
}
