import type { MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { ImportTerms } from '#crypto/import-token.ts'

/** Wrapping keys for the import of key material. Nothing of them is stored: a key's token brings it back. */
export interface ImportKeys {
  /** A new wrapping key under `terms`: SubjectPublicKeyInfo in DER, and the token. Making it takes as long as RSA keys do. */
  issue(terms: ImportTerms): MaybeAsync<{ readonly publicKey: Buffer; readonly token: Buffer }>
  /** What `token` is for; undefined when it is none of ours. Whether it is still valid, and for which key, is not judged. */
  open(token: Buffer): OpenedImport | undefined
}

/** A wrapping key that its token brought back. */
export interface OpenedImport {
  readonly terms: ImportTerms
  /** The material in `wrapped`, which the caller destroys; undefined when it doesn't unwrap, and nobody learns why. */
  unwrap(wrapped: Buffer): MaybeAsync<SecretBytes | undefined>
}
