import type { AttestationVerdict } from '#crypto/attestation.ts'

/** Verifies attestation documents of Nitro enclaves and NitroTPMs at the machine's time, against the roots of the settings. */
export interface AttestationVerifier {
  /** The verdict on `document`. Never rejects. */
  verify(document: Buffer): Promise<AttestationVerdict>
}
