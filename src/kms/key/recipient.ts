/**
 * Attested requests ("Cryptographic attestation support in AWS KMS", Developer Guide): a Recipient with the attestation
 * document of a Nitro enclave or a NitroTPM. It is verified once, before the request's resource is even looked for, so that
 * policies speak of verified measurements only, and an invalid document tells nothing about keys. The answer then holds
 * CiphertextForRecipient in place of plaintext.
 */
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import type { Target } from '#aws/operation.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { exhaustive } from '#base/exhaustive.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import type { Attestation, AttestationFault } from '#crypto/attestation.ts'
import { readRecipientKey, sealEnvelope, type RecipientKey } from '#crypto/enveloped-data.ts'
import type { Random } from '#ports/edge.ts'
import type { Expectation } from '#records/change.ts'
import type { KmsPorts } from '../operation.ts'
import { conditionValue, familyOf, recipientAttestation } from './conditions.ts'

/** Whom an answer is encrypted to, his attestation verified. */
export interface Recipient {
  readonly attestation: Attestation
  readonly key: RecipientKey
  /** The key material of the key that answered, once it has: the record names it, and the answer to an attested request doesn't. */
  materialId: KeyMaterialId | undefined
}

/** A resource of a request that may be attested. */
export interface Attested {
  /** Undefined: the request names none, and is answered in plaintext. */
  readonly recipient?: Recipient | undefined
}

interface RecipientInput {
  readonly Recipient?:
    | {
        readonly AttestationDocument?: Buffer | undefined
        readonly KeyEncryptionAlgorithm?: 'RSAES_OAEP_SHA_256' | undefined
      }
    | undefined
}

const recipientFamily = recipientAttestation.toLowerCase()

/**
 * `target` of an operation that takes a Recipient: its resource comes with the verified one, which answers for
 * kms:RecipientAttestation among the operation's condition keys.
 */
export function attested<I, R extends object>(
  target: Target<KmsPorts, I, R, Expectation>,
): Target<KmsPorts, I & RecipientInput, R & Attested, Expectation> {
  return {
    ...target,
    resolve: (input, facts, ports) =>
      after(recipientOf(input, ports), (recipient) => {
        if (isRefusal(recipient)) return recipient
        return after(target.resolve(input, facts, ports), (resource) =>
          // Nearly all requests name none: their resource is not copied for that.
          recipient === undefined || isRefusal(resource) ? resource : { ...resource, recipient },
        )
      }),
    condition: (name, resource, input, facts) => {
      if (familyOf(name) !== recipientFamily) return target.condition?.(name, resource, input, facts)
      const attestation = resource.recipient?.attestation
      return conditionValue(name, { key: undefined, input: {}, prefix: '', facts, constraints: undefined, attestation })
    },
    withConditions: (wanted, resource, ports) =>
      after(target.withConditions?.(wanted, resource, ports) ?? resource, (known) =>
        resource.recipient === undefined ? known : { ...known, recipient: resource.recipient },
      ),
  }
}

// Unverified wording.
const missing = (member: string): Refusal =>
  refusal(
    'ValidationException',
    `1 validation error detected: Value null at 'recipient.${member}' failed to satisfy constraint: Member must not be null`,
  )

function recipientOf({ Recipient }: RecipientInput, ports: KmsPorts): MaybeAsync<Recipient | Refusal | undefined> {
  if (Recipient === undefined) return undefined
  // The model calls both optional, the guide does not.
  if (Recipient.KeyEncryptionAlgorithm === undefined) return missing('keyEncryptionAlgorithm')
  if (Recipient.AttestationDocument === undefined) return missing('attestationDocument')
  return ports.attestation.verify(Recipient.AttestationDocument).then((verdict) => {
    if (!verdict.genuine) return invalid(reasonOf(verdict.fault))
    const { attestation } = verdict
    if (attestation.publicKey === undefined) return invalid('it holds no public key to encrypt the answer to')
    const key = readRecipientKey(attestation.publicKey)
    return key === undefined
      ? invalid('its public key is not an RSA key of 2048, 3072 or 4096 bits in DER (SubjectPublicKeyInfo)')
      : { attestation, key, materialId: undefined }
  })
}

// Unverified wording.
function invalid(reason: string): Refusal {
  return refusal('ValidationException', `The attestation document is not valid: ${reason}.`)
}

function reasonOf(fault: AttestationFault): string {
  switch (fault) {
    case 'not a document':
      return 'it is not a signed attestation document of a Nitro enclave or a NitroTPM'
    case 'too old':
      return 'it is too old; request a new one for each call'
    case 'from the future':
      return 'its time has not come yet'
    case 'root not trusted':
      return 'its certificates do not begin with a trusted root'
    case 'certificate not valid at this time':
      return 'one of its certificates has expired or is not valid yet'
    case 'chain broken':
      return 'its certificates do not lead from their root to its signer'
    case 'signature wrong':
      return 'its signature is wrong'
    default:
      return exhaustive(fault)
  }
}

/**
 * `plaintext` as CiphertextForRecipient, owned by the caller; the plaintext is destroyed. `materialId` is noted for the record:
 * that of the symmetric key which decrypted it, or under which it was encrypted.
 */
export function sealFor(
  recipient: Recipient,
  plaintext: SecretBytes,
  random: Random,
  materialId?: KeyMaterialId,
): Buffer {
  recipient.materialId = materialId
  try {
    return sealEnvelope(recipient.key, plaintext.insecureSecretAccess(), (size) => random.bytes(size))
  } finally {
    plaintext.destroy()
  }
}

// "Monitoring attested requests", Developer Guide: the registers that CloudTrail shows. PCR0 is the digest of the image.
const enclaveRegisters = [1, 2, 3, 4, 8]
const tpmRegisters = [4, 7, 8, 9, 16, 23]

/** The `additionalEventData` of an attested success: CloudTrail shows measurements in base64, unlike conditions. */
export function recipientData({ recipient }: Attested): Readonly<Record<string, unknown>> {
  if (recipient === undefined) return {}
  const { platform, moduleId, registers } = recipient.attestation
  const enclave = platform === 'enclave'
  const shown: Record<string, string | undefined> = { attestationDocumentModuleId: moduleId }
  const text = (index: number): string | undefined => registers.get(index)?.toString('base64')
  if (enclave) shown['attestationDocumentEnclaveImageDigest'] = text(0)
  const prefix = enclave ? 'attestationDocumentEnclavePCR' : 'attestationDocumentNitroTPMPCR'
  for (const index of enclave ? enclaveRegisters : tpmRegisters) shown[`${prefix}${index}`] = text(index)
  const { materialId } = recipient
  return { ...(materialId === undefined ? {} : { keyMaterialId: materialId }), recipient: shown }
}
