/** Makes X.509 certificates part by part, so that each part can be a wrong one. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { tags, writeElement } from '#crypto/der.ts'

const sequence = (...parts: readonly Uint8Array[]): Buffer => writeElement(tags.sequence, ...parts)
const oid = (hex: string): Buffer => writeElement(tags.objectIdentifier, Buffer.from(hex, 'hex'))
const truth = Buffer.of(tags.boolean, 1, 0xff)

export const ecdsaWithSha384 = sequence(oid('2a8648ce3d040303'))
export const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))

/** A name with one common name. */
export function commonName(text: string): Buffer {
  const value = writeElement(0x0c, Buffer.from(text))
  return sequence(writeElement(tags.set, sequence(oid('550403'), value)))
}

export function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return writeElement(tags.utcTime, Buffer.from(digits.slice(2)))
}

export function extension(hex: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(hex), ...(critical ? [truth] : []), writeElement(tags.octetString, value))
}

/** Basic constraints of an authority; `pathLength` undefined: none is said. */
export function authorityConstraints(pathLength?: number): Buffer {
  const path = pathLength === undefined ? [] : [writeElement(tags.integer, Buffer.of(pathLength))]
  return extension('551d13', true, sequence(truth, ...path))
}

export const noAuthority = extension('551d13', true, sequence())
/** `flags`: the first byte of KeyUsage, 0x80 being digitalSignature and 0x04 keyCertSign. */
export const keyUsage = (flags: number): Buffer =>
  extension('551d0f', true, writeElement(tags.bitString, Buffer.of(0, flags)))

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const newKey = (curve = 'P-384'): KeyPair => generateKeyPairSync('ec', { namedCurve: curve })

export interface CertificateParts {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyPair
  readonly issuerKey: KeyPair
  readonly extensions: readonly Buffer[]
  readonly notBefore: Buffer
  readonly notAfter: Buffer
  readonly version?: number
  readonly algorithm?: Buffer
  /** Default: `algorithm`. */
  readonly innerAlgorithm?: Buffer
  readonly hash?: string
  readonly serial?: Buffer
}

/** The certificate, DER. */
export function certificate(parts: CertificateParts): Buffer {
  const { algorithm = ecdsaWithSha384, innerAlgorithm = algorithm, version = 2 } = parts
  const serial = parts.serial ?? Buffer.concat([Buffer.of(0x40), randomBytes(15)])
  const body = sequence(
    writeElement(tags.explicit0, writeElement(tags.integer, Buffer.of(version))),
    writeElement(tags.integer, serial),
    innerAlgorithm,
    commonName(parts.issuer),
    sequence(parts.notBefore, parts.notAfter),
    commonName(parts.subject),
    parts.key.publicKey.export({ type: 'spki', format: 'der' }),
    ...(parts.extensions.length === 0 ? [] : [writeElement(tags.explicit3, sequence(...parts.extensions))]),
  )
  const signature = sign(parts.hash ?? 'sha384', body, parts.issuerKey.privateKey)
  return sequence(body, algorithm, writeElement(tags.bitString, Buffer.of(0), signature))
}

export function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
