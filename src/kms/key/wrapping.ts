/** Which material may be wrapped how ("Select a wrapping algorithm", AWS KMS Developer Guide). */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Infer } from '#aws/shape.ts'
import type { Region } from '#base/brand.ts'
import { wrappingAlgorithms, wrappingFault } from '#crypto/import-wrapping.ts'
import type { WrappingAlgorithm, WrappingKeySpec } from '#crypto/import-wrapping.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import type { KeyRecord } from '#records/key.ts'
import type { AlgorithmSpec, WrappingKeySpecType } from '../members.ts'
import { requireRegion } from './region.ts'

interface Requested {
  readonly WrappingAlgorithm: Infer<typeof AlgorithmSpec>
  readonly WrappingKeySpec: Infer<typeof WrappingKeySpecType>
}

/** Refuses what no key's material is wrapped with. */
export function refuseWrapping({ WrappingAlgorithm }: Requested): Refusal | undefined {
  if (WrappingAlgorithm !== 'RSAES_PKCS1_V1_5') return undefined
  // Not since October 10, 2023. Unverified wording.
  return refusal('UnsupportedOperationException', 'WrappingAlgorithm RSAES_PKCS1_V1_5 is no longer supported.')
}

/** The wrapping that is asked for, which `region` has and which fits the material of `key`. */
export function requestedWrapping(
  { keySpec }: Pick<KeyRecord, 'keySpec'>,
  region: Region,
  { WrappingAlgorithm, WrappingKeySpec }: Requested,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): { readonly algorithm: WrappingAlgorithm; readonly wrappingKeySpec: WrappingKeySpec } {
  if (WrappingAlgorithm === 'RSAES_PKCS1_V1_5') {
    throw new TypeError('a wrapping that was refused before came to be used')
  }
  const { regions } = wrappingAlgorithms[WrappingAlgorithm]
  requireRegion(region, regions, 'WrappingAlgorithm', WrappingAlgorithm, fail)
  requireRegion(region, keySpecs[WrappingKeySpec].regions, 'WrappingKeySpec', WrappingKeySpec, fail)
  const fault = wrappingFault(keySpec, WrappingAlgorithm, WrappingKeySpec)
  // Unverified wording, all of them.
  if (fault === 'wrapping key') {
    fail(
      'UnsupportedOperationException',
      `WrappingAlgorithm ${WrappingAlgorithm} is not valid for WrappingKeySpec ${WrappingKeySpec}.`,
    )
  }
  if (fault === 'algorithm') {
    fail(
      'UnsupportedOperationException',
      `WrappingAlgorithm ${WrappingAlgorithm} is not valid for key material of key spec ${keySpec}.`,
    )
  }
  if (fault === 'size') {
    fail(
      'UnsupportedOperationException',
      `WrappingAlgorithm ${WrappingAlgorithm} with WrappingKeySpec ${WrappingKeySpec} cannot wrap key material of key ` +
        `spec ${keySpec}, which is too long.`,
    )
  }
  return { algorithm: WrappingAlgorithm, wrappingKeySpec: WrappingKeySpec }
}
