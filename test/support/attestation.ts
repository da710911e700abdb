/**
 * A hypervisor of the tests: attestation documents like those of Nitro enclaves and NitroTPMs, from a root of its own, since
 * nobody but AWS can make them from AWS's. Each part of a document, and of its certificates, can be replaced.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { writeCbor, writeIndefiniteMap, type CborInput } from './cbor.ts'
import { authorityConstraints, certificate, keyUsage, newKey, noAuthority, utcTime } from './certificates.ts'
import type { CertificateParts, KeyPair } from './certificates.ts'

const minute = 60_000
const day = 86_400_000

/** The certificates of a platform, the root first and the signer last, and their keys. */
export interface Chain {
  readonly certificates: readonly Buffer[]
  readonly keys: readonly KeyPair[]
}

/** Changes to the parts of certificates, by their place in the chain. */
export type ChainChanges = Readonly<Record<number, Partial<CertificateParts>>>

const names = ['tests.nitro-enclaves', 'region.tests', 'zone.region.tests', 'i-0123456789abcdef0', 'i-0-enc0.tests']
const signer = names.length - 1
const sharedKeys = names.map(() => newKey())

/** Root, region, zone, instance and enclave, like AWS's, around the time `now`. */
export function makeChain(now: number, changes: ChainChanges = {}): Chain {
  const keys = names.map((_, index) => changes[index]?.key ?? sharedKeys[index] ?? newKey())
  const keyOf = (index: number): KeyPair => keys[index] ?? newKey()
  const certificates = names.map((subject, index) => {
    const lasts = index === 0 ? 3650 * day : index === signer ? 180 * minute : day
    return certificate({
      subject,
      issuer: names[Math.max(index - 1, 0)] ?? '',
      key: keyOf(index),
      issuerKey: keyOf(Math.max(index - 1, 0)),
      extensions:
        index === signer
          ? [noAuthority, keyUsage(0xc0)]
          : [index === 0 ? authorityConstraints() : authorityConstraints(signer - 1 - index), keyUsage(0x86)],
      notBefore: utcTime(now - 10 * minute),
      notAfter: utcTime(now + lasts),
      ...changes[index],
    })
  })
  return { certificates, keys }
}

export interface DocumentParts {
  readonly chain: Chain
  /** Members by name, in their order. */
  readonly members: ReadonlyMap<string, CborInput>
  readonly header?: CborInput
  readonly unprotected?: CborInput
  /** What stands before the array. */
  readonly tag?: Buffer
  readonly indefinite?: boolean
  readonly signingKey?: KeyObject
  /** Changes the signature. */
  readonly spoil?: (signature: Buffer) => Uint8Array
  readonly hash?: string
}

const es384 = Buffer.from('a1013822', 'hex')

/** The members of an enclave's document. */
export function enclaveMembers(
  chain: Chain,
  timestamp: number,
  publicKey: Uint8Array | null,
  registers: ReadonlyMap<number, CborInput> = someRegisters(16),
): Map<string, CborInput> {
  return new Map<string, CborInput>([
    ['module_id', 'i-0123456789abcdef0-enc0123456789abcdef'],
    ['digest', 'SHA384'],
    ['timestamp', timestamp],
    ['pcrs', registers],
    ['certificate', chain.certificates.at(-1) ?? Buffer.alloc(0)],
    ['cabundle', chain.certificates.slice(0, -1)],
    ['public_key', publicKey],
    ['user_data', null],
    ['nonce', randomBytes(20)],
  ])
}

/** The members of a document of an instance with NitroTPM. */
export function tpmMembers(chain: Chain, timestamp: number, publicKey: Uint8Array | null): Map<string, CborInput> {
  const members = enclaveMembers(chain, timestamp, publicKey)
  members.delete('pcrs')
  members.set('module_id', 'i-0123456789abcdef0-tpm0000000000000000')
  return members.set('nitrotpm_pcrs', someRegisters(24))
}

/** Registers that tell their number: every byte of register n is 0x10 + n. */
export function someRegisters(count: number): Map<number, Buffer> {
  return new Map(Array.from({ length: count }, (_, index) => [index, Buffer.alloc(48, 0x10 + index)]))
}

/** The value of register `index` as conditions have it. */
export const registerHex = (index: number): string => Buffer.alloc(48, 0x10 + index).toString('hex')

/** The document, signed. */
export function writeDocument(parts: DocumentParts): Buffer {
  const { chain, members, header = es384, unprotected = new Map(), tag = Buffer.alloc(0) } = parts
  const payload = parts.indefinite === false ? writeCbor(members) : writeIndefiniteMap(members)
  const signed = writeCbor(['Signature1', header instanceof Uint8Array ? header : es384, Buffer.alloc(0), payload])
  const key = parts.signingKey ?? chain.keys.at(-1)?.privateKey
  if (key === undefined) throw new TypeError('the chain has no signer')
  const signature = sign(parts.hash ?? 'sha384', signed, { key, dsaEncoding: 'ieee-p1363' })
  const cose = writeCbor([header, unprotected, payload, parts.spoil?.(signature) ?? signature])
  return Buffer.concat([tag, cose])
}

/** An attested program: its RSA key, and documents that carry it. */
export interface Program {
  readonly privateKey: KeyObject
  /** DER. */
  readonly publicKey: Buffer
}

export function attestedProgram(bits = 2048): Program {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }) }
}

/** A fresh document of an enclave that runs `program`. */
export function enclaveDocument(chain: Chain, { publicKey }: Program, timestamp = Date.now()): Buffer {
  return writeDocument({ chain, members: enclaveMembers(chain, timestamp, publicKey) })
}
