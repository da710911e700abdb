/**
 * What kinds of keys there are, from "Key spec reference" (AWS KMS Developer Guide), and what each may be used for: written
 * here once more, so that the tables of the sources can be wrong.
 */

export type Usage =
  'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC' | 'KEY_AGREEMENT' | 'ENCAPSULATE_DECAPSULATE'
export type Origin = 'AWS_KMS' | 'EXTERNAL'

export interface Kind {
  readonly spec: string
  readonly usage: Usage
  readonly origin: Origin
  readonly algorithms: readonly string[]
  /** Whether the keys of this kind stand for all like them where everything is combined with everything. */
  readonly typical: boolean
}

const rsaEncryption = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256']
const rsaSignatures = ['PSS', 'PKCS1_V1_5'].flatMap((scheme) =>
  ['256', '384', '512'].map((size) => `RSASSA_${scheme}_SHA_${size}`),
)

const table: readonly (readonly [spec: string, usage: Usage, algorithms: readonly string[], typical?: 'typical'])[] = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', ['SYMMETRIC_DEFAULT'], 'typical'],
  ['HMAC_224', 'GENERATE_VERIFY_MAC', ['HMAC_SHA_224']],
  ['HMAC_256', 'GENERATE_VERIFY_MAC', ['HMAC_SHA_256'], 'typical'],
  ['HMAC_384', 'GENERATE_VERIFY_MAC', ['HMAC_SHA_384']],
  ['HMAC_512', 'GENERATE_VERIFY_MAC', ['HMAC_SHA_512']],
  ['RSA_2048', 'ENCRYPT_DECRYPT', rsaEncryption, 'typical'],
  ['RSA_2048', 'SIGN_VERIFY', rsaSignatures, 'typical'],
  ['RSA_3072', 'ENCRYPT_DECRYPT', rsaEncryption],
  ['RSA_3072', 'SIGN_VERIFY', rsaSignatures],
  ['RSA_4096', 'ENCRYPT_DECRYPT', rsaEncryption],
  ['RSA_4096', 'SIGN_VERIFY', rsaSignatures],
  ['ECC_NIST_P256', 'SIGN_VERIFY', ['ECDSA_SHA_256'], 'typical'],
  ['ECC_NIST_P256', 'KEY_AGREEMENT', ['ECDH'], 'typical'],
  ['ECC_NIST_P384', 'SIGN_VERIFY', ['ECDSA_SHA_384']],
  ['ECC_NIST_P384', 'KEY_AGREEMENT', ['ECDH']],
  ['ECC_NIST_P521', 'SIGN_VERIFY', ['ECDSA_SHA_512']],
  ['ECC_NIST_P521', 'KEY_AGREEMENT', ['ECDH']],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', ['ECDSA_SHA_256']],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', ['ED25519_SHA_512', 'ED25519_PH_SHA_512'], 'typical'],
  ['ML_DSA_44', 'SIGN_VERIFY', ['ML_DSA_SHAKE_256'], 'typical'],
  ['ML_DSA_65', 'SIGN_VERIFY', ['ML_DSA_SHAKE_256']],
  ['ML_DSA_87', 'SIGN_VERIFY', ['ML_DSA_SHAKE_256']],
  ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', ['ML_KEM']],
  ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', ['ML_KEM'], 'typical'],
  ['ML_KEM_1024', 'ENCAPSULATE_DECAPSULATE', ['ML_KEM']],
]

const made: readonly Kind[] = table.map(([spec, usage, algorithms, typical]) => ({
  spec,
  usage,
  origin: 'AWS_KMS',
  algorithms,
  typical: typical === 'typical',
}))

/** Every kind whose material AWS KMS makes, outside China; and two with imported material, which is 32 bytes in both. */
export const kinds: readonly Kind[] = [
  ...made,
  ...made
    .filter(({ spec }) => spec === 'SYMMETRIC_DEFAULT' || spec === 'HMAC_256')
    .map((kind) => ({ ...kind, origin: 'EXTERNAL' as const })),
]

/** e.g. `RSA_2048 for SIGN_VERIFY` */
export function nameOf({ spec, usage, origin }: Kind): string {
  return `${spec} for ${usage}${origin === 'EXTERNAL' ? ', imported' : ''}`
}

export function isSymmetric({ spec }: Kind): boolean {
  return spec === 'SYMMETRIC_DEFAULT'
}

/** Has a public key. */
export function isAsymmetric(kind: Kind): boolean {
  return !isSymmetric(kind) && kind.usage !== 'GENERATE_VERIFY_MAC'
}

/** The algorithms of all kinds with `usage`. */
export function algorithmsFor(usage: Usage): readonly string[] {
  return [...new Set(kinds.flatMap((kind) => (kind.usage === usage ? kind.algorithms : [])))]
}

const ofUsage: Readonly<Record<Usage, readonly string[]>> = {
  ENCRYPT_DECRYPT: ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey'],
  SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Encapsulate', 'Decapsulate', 'GetPublicKey'],
}

/** The operations that grants on such a key may permit ("Grants in AWS KMS"). */
export function grantOperationsOf(kind: Kind): readonly string[] {
  const ofAll = ['CreateGrant', 'RetireGrant', 'DescribeKey']
  if (!isSymmetric(kind)) return [...ofUsage[kind.usage], ...ofAll]
  const dataKeys = ['', 'WithoutPlaintext', 'Pair', 'PairWithoutPlaintext'].map((form) => `GenerateDataKey${form}`)
  return ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', ...dataKeys, ...ofAll]
}
