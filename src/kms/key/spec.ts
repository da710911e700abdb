/** The key spec and key usage of CreateKey (API Reference), and where its material comes from. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { type Infer } from '#aws/shape.ts'
import { allowsUsage, keySpecs } from '#crypto/key-specs.ts'
import type { KeyRecord } from '#records/key.ts'
import type { KeySpecType, KeyUsageType, OriginType } from '../members.ts'

type KeySpecName = Infer<typeof KeySpecType>
type KeyUsageName = Infer<typeof KeyUsageType>

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
  return allowsUsage(spec, KeyUsage)
    ? undefined
    : refusal('ValidationException', `KeyUsage ${KeyUsage} is not compatible with KeySpec ${spec}`)
}

/** Spec and usage of the key that a request asks for, which `refuseSpec` found nothing wrong with. */
export function requestedSpec({
  KeySpec,
  CustomerMasterKeySpec,
  KeyUsage = 'ENCRYPT_DECRYPT',
}: Requested): Pick<KeyRecord, 'keySpec' | 'keyUsage'> {
  return { keySpec: KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT', keyUsage: KeyUsage }
}

type OriginName = Infer<typeof OriginType>

/** What a later version serves of origins, and material that nobody may import. */
export function refuseOrigin({
  Origin,
  ...requested
}: Requested & { readonly Origin?: OriginName | undefined }): Refusal | undefined {
  if (Origin === undefined || Origin === 'AWS_KMS') return undefined
  if (Origin !== 'EXTERNAL') return unserved('Origin', Origin)
  const { keySpec } = requestedSpec(requested)
  if (keySpecs[keySpec].importable) return undefined
  // Unverified wording.
  return refusal('UnsupportedOperationException', `KeySpec ${keySpec} is not supported for Origin EXTERNAL.`)
}

/** Refuses a member by name for its value. */
export function unserved(member: string, value: string): Refusal {
  return refusal('UnsupportedOperationException', `${member} ${value} is not supported by this version of Trent.`)
}
