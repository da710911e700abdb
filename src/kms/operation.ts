/** What every KMS operation is built from: the shared declaration, bound to the ports of this service. */
import {
  defineChange,
  defineRead,
  type ChangeOperation,
  type Operation,
  type ReadOperation,
  type Targets,
} from '#aws/operation.ts'
import type { ErrorCode } from '#aws/errors.ts'
import type { Region } from '#base/brand.ts'
import type { Fields, Value } from '#aws/shape.ts'
import type { AttestationVerifier } from '#ports/attestation.ts'
import type { KeyPairs, Random } from '#ports/edge.ts'
import type { GrantTokens } from '#ports/grant-tokens.ts'
import type { ImportKeys } from '#ports/import-keys.ts'
import type { KeyDirectory } from '#ports/key-directory.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { KeyUsage } from '#ports/key-usage.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import { familyOf, suppliedFamilies } from './key/conditions.ts'
import type { QuotaName } from './quota.ts'

export interface KmsPorts {
  readonly directory: KeyDirectory
  readonly storage: StorageReader
  readonly keyStore: KeyStore
  readonly importKeys: ImportKeys
  readonly random: Random
  readonly keyPairs: KeyPairs
  readonly principals: PrincipalDirectory
  readonly grantTokens: GrantTokens
  /** The Regions that this installation serves. */
  readonly regions: readonly Region[]
  readonly attestation: AttestationVerifier
  readonly keyUsage: KeyUsage
  readonly limits: {
    /** How many rotations on demand a key may have in its life. */
    readonly onDemandRotations: number
  }
}

export type KmsOperation = Operation<KmsPorts, Expectation, Change>
export type KmsTargets<In> = Targets<KmsPorts, Expectation, In>

/** The bucket that requests are counted in is one of KMS's. */
interface Quota {
  readonly quota: QuotaName
}

/** Declares an operation that reads or computes. */
export const readOperation = <
  I extends Fields,
  O extends Fields,
  const T extends KmsTargets<Value<I>>,
  const E extends ErrorCode,
>(
  declared: ReadOperation<KmsPorts, Expectation, I, O, T, E> & Quota,
): KmsOperation => withSuppliers(defineRead(declared))

/** Declares an operation that stores something. */
export const changeOperation = <
  I extends Fields,
  O extends Fields,
  const T extends KmsTargets<Value<I>>,
  const E extends ErrorCode,
>(
  declared: ChangeOperation<KmsPorts, Expectation, Change, I, O, T, E> & Quota,
): KmsOperation => withSuppliers(defineChange(declared))

/**
 * `operation` with targets that answer for the condition keys it declares and for those that come with them, and for no
 * others; grants see the targets whose actions it declares as grantable.
 */
function withSuppliers(operation: KmsOperation): KmsOperation {
  const grantable = new Set(operation.grantable.map((name) => `kms:${name}`))
  return {
    ...operation,
    targets: operation.targets.map((target) => {
      const supplied = suppliedFamilies([...operation.conditions, ...(target.conditions ?? [])])
      const narrowed = { ...target }
      if (target.condition !== undefined) {
        narrowed.condition = (key, resource, input, facts) =>
          supplied.has(familyOf(key)) ? target.condition?.(key, resource, input, facts) : undefined
      }
      if (!grantable.has(target.action)) {
        delete narrowed.grantUse
        delete narrowed.grants
      }
      return narrowed
    }),
  }
}
