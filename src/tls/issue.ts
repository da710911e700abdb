/** Issuing X.509 certificates (RFC 5280) with ECDSA P-256 keys. Loaded only when one has to be issued. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import type { Random } from '#ports/edge.ts'

/** A certificate and its private key, PEM. */
export interface IssuedPair {
  readonly cert: string
  readonly key: string
}

export interface Issuer {
  readonly commonName: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** Epoch milliseconds. */
export interface Period {
  readonly from: number
  readonly to: number
}

// RFC 5758 section 3.2, RFC 5280 appendix A.1 (id-at-commonName).
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'
const commonNameType = '2.5.4.3'

/** A new certificate authority. */
export function issueAuthority(commonName: string, period: Period, random: Random): IssuedPair {
  const { publicKey, privateKey } = newKey()
  const issuer = { commonName, privateKey, publicKey }
  const usage = new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)
  const extensions = [
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(id_ce_keyUsage, true, usage),
  ]
  return pair(issuer, { commonName, publicKey, privateKey, extensions }, period, random)
}

/** A new server certificate for `names` (DNS names and IP addresses) from `issuer`. */
export function issueServer(issuer: Issuer, names: readonly string[], period: Period, random: Random): IssuedPair {
  const { publicKey, privateKey } = newKey()
  const alternatives = names.map((name) =>
    isIP(name) === 0 ? new GeneralName({ dNSName: name }) : new GeneralName({ iPAddress: name }),
  )
  const extensions = [
    extension(id_ce_basicConstraints, true, new BasicConstraints()),
    extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
    extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, false, new SubjectAlternativeName(alternatives)),
    extension(
      id_ce_authorityKeyIdentifier,
      false,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(issuer.publicKey)) }),
    ),
  ]
  return pair(issuer, { commonName: 'Trent', publicKey, privateKey, extensions }, period, random)
}

interface Subject {
  readonly commonName: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly extensions: readonly Extension[]
}

function pair(issuer: Issuer, subject: Subject, { from, to }: Period, random: Random): IssuedPair {
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 })
  // Positive, at most 20 octets (RFC 5280 section 4.1.2.2).
  const serial = random.bytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = new TBSCertificate({
    version: Version.v3,
    serialNumber: arrayBuffer(serial),
    signature: algorithm,
    issuer: named(issuer.commonName),
    validity: new Validity({ notBefore: new Date(from), notAfter: new Date(to) }),
    subject: named(subject.commonName),
    subjectPublicKeyInfo: AsnConvert.parse(spki(subject.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([
      ...subject.extensions,
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subject.publicKey))),
    ]),
  })
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(body)), issuer.privateKey)
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBuffer(signature),
  })
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

function newKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function named(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName })
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonNameType, value })])])
}

function extension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

/** Method 1 of RFC 7093 section 2: the leftmost 160 bits of the SHA-256 of the key. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const { subjectPublicKey } = AsnConvert.parse(spki(key), SubjectPublicKeyInfo)
  return arrayBuffer(createHash('sha256').update(Buffer.from(subjectPublicKey)).digest().subarray(0, 20))
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}
