/**
 * Does an attestation document come from a platform that we trust, and was it made just now? Pure: bytes, roots and times
 * come in as values ("Nitro Enclaves Attestation Process", section 3).
 */
import { readAttestationDocument, type Platform } from './attestation-document.ts'
import { readCertificate } from './certificate.ts'
import { chainFault, isSignedBy, type ChainFault } from './certificate-chain.ts'

/** What a document that was verified says. */
export interface Attestation {
  readonly platform: Platform
  readonly moduleId: string
  /** Platform configuration registers by number. */
  readonly registers: ReadonlyMap<number, Buffer>
  /** What answers are encrypted to, as the attested program gave it: nobody has looked at it yet. */
  readonly publicKey: Buffer | undefined
}

export type AttestationFault =
  'not a document' | 'too old' | 'from the future' | 'root not trusted' | ChainFault | 'signature wrong'

export type AttestationVerdict =
  | { readonly genuine: true; readonly attestation: Attestation }
  | { readonly genuine: false; readonly fault: AttestationFault }

/** What a document is held against. Times are epoch milliseconds of the machine. */
export interface AttestationRules {
  /** Certificates, DER. */
  readonly roots: readonly Buffer[]
  readonly now: number
  readonly maxAgeMs: number
}

/** How far the platform's clock may be ahead of ours. */
export const clockAllowanceMs = 300_000

/** The verdict on `bytes`. Never rejects. */
export async function verifyAttestation(
  bytes: Buffer,
  { roots, now, maxAgeMs }: AttestationRules,
): Promise<AttestationVerdict> {
  const refused = (fault: AttestationFault): AttestationVerdict => ({ genuine: false, fault })
  const document = readAttestationDocument(bytes)
  if (document === undefined) return refused('not a document')
  const { platform, moduleId, timestamp, registers, publicKey, signed, signature } = document
  if (timestamp < now - maxAgeMs) return refused('too old')
  if (timestamp > now + clockAllowanceMs) return refused('from the future')
  // Before anything of the certificates is read: a stranger's cost a comparison.
  const [first] = document.certificates
  if (first === undefined || !roots.some((trusted) => trusted.equals(first))) return refused('root not trusted')
  const chain = document.certificates.map(readCertificate)
  const signer = chain.at(-1)
  if (signer === undefined || !chain.every((certificate) => certificate !== undefined)) return refused('chain broken')
  const fault = await chainFault(chain, { signed: timestamp, now })
  if (fault !== undefined) return refused(fault)
  if (!(await isSignedBy(signer.publicKey, signed, signature, 'ieee-p1363'))) return refused('signature wrong')
  return { genuine: true, attestation: { platform, moduleId, registers, publicKey } }
}
