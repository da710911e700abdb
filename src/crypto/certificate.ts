/**
 * X.509 certificates (RFC 5280) of attestation chains, read strictly: version 3, P-384 keys, ECDSA with SHA-384, and no
 * critical extension that is not understood. Node's own X509Certificate tells neither key usage nor path length.
 */
import type { KeyObject } from 'node:crypto'
import { readBitString, readElements, readInteger, readSequence, tags, type Element } from './der.ts'
import { readPublicKey } from './public-key.ts'

export interface Certificate {
  /** All of it. */
  readonly der: Buffer
  /** What is signed. */
  readonly body: Buffer
  /** DER, of ECDSA with SHA-384. */
  readonly signature: Buffer
  /** Names as they are encoded. */
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly publicKey: KeyObject
  /** Epoch milliseconds, both inclusive. */
  readonly notBefore: number
  readonly notAfter: number
  /** Undefined for end entities. */
  readonly authority: { /** How many authorities may stand below. */ readonly pathLength: number } | undefined
  readonly mayCertify: boolean
  readonly maySign: boolean
}

// RFC 5758 section 3.2: ecdsa-with-SHA384, without parameters.
const ecdsaWithSha384 = Buffer.from('300a06082a8648ce3d040303', 'hex')
const version3 = Buffer.from('020102', 'hex')
// RFC 5280 section 4.2.1: 2.5.29.19 and 2.5.29.15.
const basicConstraints = '551d13'
const keyUsage = '551d0f'
const digitalSignatureBit = 0x80
const keyCertSignBit = 0x04
const longestSerial = 20

/** The certificate that `der` is, or undefined when it is anything else. Never throws. */
export function readCertificate(der: Buffer): Certificate | undefined {
  const [body, algorithm, bits, ...rest] = readSequence(der) ?? []
  const signature = readBitString(bits)
  if (body?.tag !== tags.sequence || signature === undefined || rest.length > 0) return undefined
  if (algorithm?.whole.equals(ecdsaWithSha384) !== true) return undefined
  const [version, serial, inner, issuer, validity, subject, spki, extensions, ...more] =
    readElements(body.contents) ?? []
  if (version?.tag !== tags.explicit0 || !version.contents.equals(version3) || more.length > 0) return undefined
  const number = readInteger(serial)
  if (number === undefined || number.length > longestSerial) return undefined
  if (inner?.whole.equals(ecdsaWithSha384) !== true || extensions?.tag !== tags.explicit3) return undefined
  if (issuer?.tag !== tags.sequence || subject?.tag !== tags.sequence || spki === undefined) return undefined
  const [notBefore, notAfter] = readValidity(validity)
  const publicKey = readPublicKey('ECC_NIST_P384', spki.whole)
  const rules = readExtensions(extensions.contents)
  if (notBefore === undefined || notAfter === undefined || publicKey === undefined || rules === undefined)
    return undefined
  return {
    der,
    body: body.whole,
    signature,
    issuer: issuer.whole,
    subject: subject.whole,
    publicKey,
    notBefore,
    notAfter,
    ...rules,
  }
}

function readValidity(element: Element | undefined): readonly [number | undefined, number | undefined] {
  const [from, to, ...rest] = element?.tag === tags.sequence ? (readElements(element.contents) ?? []) : []
  return rest.length > 0 ? [undefined, undefined] : [readTime(from), readTime(to)]
}

/** Epoch milliseconds of a time in the one form that RFC 5280 section 4.1.2.5 gives it. */
function readTime(element: Element | undefined): number | undefined {
  if (element === undefined) return undefined
  const general = element.tag === tags.generalizedTime
  if (!general && element.tag !== tags.utcTime) return undefined
  const digits = general ? 4 : 2
  const match = new RegExp(`^(\\d{${digits}})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)Z$`).exec(
    element.contents.toString('latin1'),
  )
  if (match === null) return undefined
  const [year = NaN, month = NaN, day, hour, minute, second] = match.slice(1).map(Number)
  const fullYear = general ? year : year < 50 ? 2000 + year : 1900 + year
  const time = Date.UTC(fullYear, month - 1, day, hour, minute, second)
  const shown = new Date(time).toISOString().replace(/[-:T]|\.000/g, '')
  // A 30th of February, a 25th hour; and years that the other form is for.
  const written = general ? match[0] : `${String(fullYear).slice(0, 2)}${match[0]}`
  return shown === written && (!general || fullYear >= 2050) ? time : undefined
}

type Rules = Pick<Certificate, 'authority' | 'mayCertify' | 'maySign'>

function readExtensions(bytes: Buffer): Rules | undefined {
  const seen = new Set<string>()
  let constraints: Rules['authority'] | 'end entity' = 'end entity'
  let usage = 0
  for (const extension of readSequence(bytes) ?? []) {
    const parts = extension.tag === tags.sequence ? (readElements(extension.contents) ?? []) : []
    const critical = parts.length === 3
    const [identifier, flag, value] = critical ? parts : [parts[0], undefined, parts[1]]
    if (identifier?.tag !== tags.objectIdentifier || value?.tag !== tags.octetString || parts.length > 3)
      return undefined
    // DER writes FALSE, the default, by leaving it out.
    if (critical && flag?.whole.equals(Buffer.of(tags.boolean, 1, 0xff)) !== true) return undefined
    const name = identifier.contents.toString('hex')
    if (seen.has(name)) return undefined
    seen.add(name)
    if (name === basicConstraints) {
      const read = readBasicConstraints(value.contents)
      if (read === undefined) return undefined
      constraints = read
    } else if (name === keyUsage) {
      const read = readKeyUsage(value.contents)
      if (read === undefined) return undefined
      usage = read
    } else if (critical) {
      return undefined
    }
  }
  if (seen.size === 0) return undefined
  return {
    authority: constraints === 'end entity' ? undefined : constraints,
    mayCertify: (usage & keyCertSignBit) !== 0,
    maySign: (usage & digitalSignatureBit) !== 0,
  }
}

function readBasicConstraints(bytes: Buffer): Rules['authority'] | 'end entity' {
  const parts = readSequence(bytes)
  if (parts === undefined) return undefined
  const [flag, path, ...rest] = parts
  if (flag === undefined) return 'end entity'
  if (!flag.whole.equals(Buffer.of(tags.boolean, 1, 0xff)) || rest.length > 0) return undefined
  if (path === undefined) return { pathLength: Infinity }
  const length = readInteger(path)
  return length?.length === 1 ? { pathLength: length.readUInt8() } : undefined
}

/** The first eight bits of KeyUsage, of which encipherOnly and what follows are no part. */
function readKeyUsage(bytes: Buffer): number | undefined {
  const [element, ...rest] = readElements(bytes) ?? []
  if (element?.tag !== tags.bitString || rest.length > 0) return undefined
  const [unused, first] = element.contents
  return unused !== undefined && unused < 8 && first !== undefined && element.contents.length <= 3 ? first : undefined
}
