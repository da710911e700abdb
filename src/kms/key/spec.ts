/** Which usages a key spec allows (API Reference, CreateKey), and which of both this version serves. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { type Infer } from '#aws/shape.ts'
import type { KeySpecType, KeyUsageType } from '../members.ts'

type KeySpecName = Infer<typeof KeySpecType>
type KeyUsageName = Infer<typeof KeyUsageType>

const encryptOrSign: readonly KeyUsageName[] = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY']
const signOrAgree: readonly KeyUsageName[] = ['SIGN_VERIFY', 'KEY_AGREEMENT']
const sign: readonly KeyUsageName[] = ['SIGN_VERIFY']
const mac: readonly KeyUsageName[] = ['GENERATE_VERIFY_MAC']
const encapsulate: readonly KeyUsageName[] = ['ENCAPSULATE_DECAPSULATE']

const usages: Readonly<Record<KeySpecName, readonly KeyUsageName[]>> = {
  SYMMETRIC_DEFAULT: ['ENCRYPT_DECRYPT'],
  HMAC_224: mac,
  HMAC_256: mac,
  HMAC_384: mac,
  HMAC_512: mac,
  RSA_2048: encryptOrSign,
  RSA_3072: encryptOrSign,
  RSA_4096: encryptOrSign,
  ECC_NIST_P256: signOrAgree,
  ECC_NIST_P384: signOrAgree,
  ECC_NIST_P521: signOrAgree,
  ECC_SECG_P256K1: sign,
  ECC_NIST_EDWARDS25519: sign,
  ML_DSA_44: sign,
  ML_DSA_65: sign,
  ML_DSA_87: sign,
  ML_KEM_512: encapsulate,
  ML_KEM_768: encapsulate,
  ML_KEM_1024: encapsulate,
  SM2: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'KEY_AGREEMENT'],
}

interface Requested {
  readonly KeySpec?: KeySpecName | undefined
  readonly CustomerMasterKeySpec?: KeySpecName | undefined
  readonly KeyUsage?: KeyUsageName | undefined
}

/** What AWS itself refuses: the two names of one member together, a usage left out, a usage that the spec does not have. */
export function refuseSpec({ KeySpec, CustomerMasterKeySpec, KeyUsage }: Requested): Refusal | undefined {
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
    return refusal(
      'ValidationException',
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    )
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
  if (KeyUsage === undefined) {
    return spec === 'SYMMETRIC_DEFAULT'
      ? undefined
      : refusal(
          'ValidationException',
          'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
        )
  }
  return usages[spec].includes(KeyUsage)
    ? undefined
    : refusal('ValidationException', `KeyUsage ${KeyUsage} is not compatible with KeySpec ${spec}`)
}

/** What a later version serves: any spec but the symmetric one, which alone encrypts without saying its usage. */
export function refuseUnservedSpec({ KeySpec, CustomerMasterKeySpec }: Requested): Refusal | undefined {
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
  return spec === 'SYMMETRIC_DEFAULT' ? undefined : unserved('KeySpec', spec)
}

/** Refuses a member by name for its value. */
export function unserved(member: string, value: string): Refusal {
  return refusal('UnsupportedOperationException', `${member} ${value} is not supported by this version of Trent.`)
}
