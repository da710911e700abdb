/** Which material may be wrapped how ("Select a wrapping algorithm", AWS KMS Developer Guide). */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Infer } from '#aws/shape.ts'
import { wrappingFault, type WrappingAlgorithm, type WrappingKeySpec } from '#crypto/import-wrapping.ts'
import type { KeyRecord } from '#records/key.ts'
import type { AlgorithmSpec, WrappingKeySpecType } from '../members.ts'
import { unserved } from './spec.ts'

interface Requested {
  readonly WrappingAlgorithm: Infer<typeof AlgorithmSpec>
  readonly WrappingKeySpec: Infer<typeof WrappingKeySpecType>
}

/** Refuses what no key's material is wrapped with here. */
export function refuseWrapping({ WrappingAlgorithm, WrappingKeySpec }: Requested): Refusal | undefined {
  if (WrappingAlgorithm === 'SM2PKE') return unserved('WrappingAlgorithm', WrappingAlgorithm)
  if (WrappingKeySpec === 'SM2') return unserved('WrappingKeySpec', WrappingKeySpec)
  if (WrappingAlgorithm !== 'RSAES_PKCS1_V1_5') return undefined
  // Not since October 10, 2023. Unverified wording.
  return refusal('UnsupportedOperationException', 'WrappingAlgorithm RSAES_PKCS1_V1_5 is no longer supported.')
}

/** The wrapping that is asked for, which fits the material of `key`. */
export function requestedWrapping(
  { keySpec }: Pick<KeyRecord, 'keySpec'>,
  { WrappingAlgorithm, WrappingKeySpec }: Requested,
  fail: (code: 'UnsupportedOperationException', message: string) => never,
): { readonly algorithm: WrappingAlgorithm; readonly wrappingKeySpec: WrappingKeySpec } {
  if (WrappingAlgorithm === 'SM2PKE' || WrappingAlgorithm === 'RSAES_PKCS1_V1_5' || WrappingKeySpec === 'SM2') {
    throw new TypeError('a wrapping that was refused before came to be used')
  }
  const fault = wrappingFault(keySpec, WrappingAlgorithm, WrappingKeySpec)
  // Unverified wording, both.
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
