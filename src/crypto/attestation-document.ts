/**
 * The attestation document of a Nitro enclave or a NitroTPM: COSE_Sign1 (RFC 9052 section 4.2) by ES384 around a map
 * ("Nitro Enclaves Attestation Process", sections 2.2 and 3.2). Here it is read; attestation.ts verifies it.
 */
import { byteStringHead, readCbor, type CborValue } from './cbor.ts'
import { longestChain } from './certificate-chain.ts'

/** What measured the platform: registers of an enclave, or of an instance's TPM. */
export type Platform = 'enclave' | 'NitroTPM'

export interface AttestationDocument {
  readonly platform: Platform
  /** The instance and the enclave on it, e.g. `i-0123456789abcdef0-enc0123456789abcdef`. */
  readonly moduleId: string
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly registers: ReadonlyMap<number, Buffer>
  /** DER, the root first and the signer's own last. */
  readonly certificates: readonly Buffer[]
  /** As the attested program gave it: DER, if it is a key at all. */
  readonly publicKey: Buffer | undefined
  /** What the signer signed, and the two numbers of his signature. */
  readonly signed: Buffer
  readonly signature: Buffer
}

// Tag 18 may stand before a COSE_Sign1 (RFC 9052 section 4.2).
const signTag = 0xd2
// {1: -35}: the algorithm is ES384 (RFC 9053 section 2.1).
const es384Header = Buffer.from('a1013822', 'hex')
const signatureBytes = 96
// ["Signature1", the protected header, no external data, ...] (RFC 9052 section 4.4); the payload follows.
const signedHead = Buffer.concat([
  Buffer.of(0x84, 0x6a),
  Buffer.from('Signature1'),
  byteStringHead(es384Header.length),
  es384Header,
  byteStringHead(0),
])
const largestPayload = 16_384

/** Undefined for whatever is not exactly such a document. Views of `bytes`. Never throws. */
export function readAttestationDocument(bytes: Buffer): AttestationDocument | undefined {
  const cose = readCbor(bytes[0] === signTag ? bytes.subarray(1) : bytes)
  if (cose?.kind !== 'array' || cose.items.length !== 4) return undefined
  const [header, unprotected, payload, signature] = cose.items
  if (header?.kind !== 'bytes' || !header.value.equals(es384Header)) return undefined
  if (unprotected?.kind !== 'map' || unprotected.entries.size > 0) return undefined
  if (payload?.kind !== 'bytes' || payload.value.length > largestPayload) return undefined
  if (signature?.kind !== 'bytes' || signature.value.length !== signatureBytes) return undefined
  const content = readContent(payload.value)
  if (content === undefined) return undefined
  const signed = Buffer.concat([signedHead, byteStringHead(payload.value.length), payload.value])
  return { ...content, signed, signature: signature.value }
}

const memberNames: ReadonlySet<number | string> = new Set([
  ...['module_id', 'digest', 'timestamp', 'pcrs', 'nitrotpm_pcrs', 'certificate', 'cabundle'],
  ...['public_key', 'user_data', 'nonce'],
])
const longestModuleId = 256
/** Of a certificate in a document, bytes. */
export const largestCertificate = 1024
const largestData = 1024

function readContent(payload: Buffer): Omit<AttestationDocument, 'signed' | 'signature'> | undefined {
  const value = readCbor(payload)
  if (value?.kind !== 'map') return undefined
  const { entries } = value
  // A member that is not known may change what the others mean.
  if (![...entries.keys()].every((name) => memberNames.has(name))) return undefined
  const [moduleId, digest, timestamp] = [entries.get('module_id'), entries.get('digest'), entries.get('timestamp')]
  if (moduleId?.kind !== 'text' || !/^[\x21-\x7e]+$/.test(moduleId.value)) return undefined
  if (moduleId.value.length > longestModuleId) return undefined
  if (digest?.kind !== 'text' || digest.value !== 'SHA384') return undefined
  if (timestamp?.kind !== 'integer' || timestamp.value === 0) return undefined
  const measured = readMeasurements(entries.get('pcrs'), entries.get('nitrotpm_pcrs'))
  const certificates = readCertificates(entries.get('cabundle'), entries.get('certificate'))
  if (measured === undefined || certificates === undefined) return undefined
  const publicKey = readData(entries.get('public_key'))
  for (const name of ['user_data', 'nonce']) if (readData(entries.get(name)) === undefined) return undefined
  if (publicKey === undefined || (publicKey !== 'none' && publicKey.length === 0)) return undefined
  return {
    ...measured,
    moduleId: moduleId.value,
    timestamp: timestamp.value,
    certificates,
    publicKey: publicKey === 'none' ? undefined : publicKey,
  }
}

type Measurements = Pick<AttestationDocument, 'platform' | 'registers'>

/** Of the two kinds of registers exactly one. */
function readMeasurements(pcrs: CborValue | undefined, tpm: CborValue | undefined): Measurements | undefined {
  if ((pcrs === undefined) === (tpm === undefined)) return undefined
  const registers = readRegisters(pcrs ?? tpm, pcrs === undefined ? 24 : 32)
  return registers === undefined ? undefined : { platform: pcrs === undefined ? 'NitroTPM' : 'enclave', registers }
}

function readRegisters(value: CborValue | undefined, count: number): ReadonlyMap<number, Buffer> | undefined {
  if (value?.kind !== 'map' || value.entries.size === 0) return undefined
  const registers = new Map<number, Buffer>()
  for (const [index, register] of value.entries) {
    if (typeof index !== 'number' || index >= count || register.kind !== 'bytes') return undefined
    if (![32, 48, 64].includes(register.value.length)) return undefined
    registers.set(index, register.value)
  }
  return registers
}

function readCertificates(bundle: CborValue | undefined, own: CborValue | undefined): readonly Buffer[] | undefined {
  if (bundle?.kind !== 'array' || bundle.items.length === 0 || bundle.items.length >= longestChain) return undefined
  if (own === undefined) return undefined
  const certificates: Buffer[] = []
  for (const item of [...bundle.items, own]) {
    if (item.kind !== 'bytes' || item.value.length === 0 || item.value.length > largestCertificate) return undefined
    certificates.push(item.value)
  }
  return certificates
}

/** Data of the attested program; documents write null for what it did not give. Undefined for anything else. */
function readData(value: CborValue | undefined): Buffer | 'none' | undefined {
  if (value === undefined || value.kind === 'null') return 'none'
  return value.kind === 'bytes' && value.value.length <= largestData ? value.value : undefined
}
