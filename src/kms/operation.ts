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
import type { Fields, Value } from '#aws/shape.ts'
import type { Random } from '#ports/edge.ts'
import type { KeyDirectory } from '#ports/key-directory.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { QuotaName } from './quota.ts'

export interface KmsPorts {
  readonly directory: KeyDirectory
  readonly storage: StorageReader
  readonly keyStore: KeyStore
  readonly random: Random
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
): KmsOperation => defineRead(declared)

/** Declares an operation that stores something. */
export const changeOperation = <
  I extends Fields,
  O extends Fields,
  const T extends KmsTargets<Value<I>>,
  const E extends ErrorCode,
>(
  declared: ChangeOperation<KmsPorts, Expectation, Change, I, O, T, E> & Quota,
): KmsOperation => defineChange(declared)
