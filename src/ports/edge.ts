import type { RequestId } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { KeyPairDer } from '#crypto/key-pair.ts'
import type { KeySpec } from '#crypto/key-specs.ts'

/** The only source of time. */
export interface Clock {
  /** Epoch milliseconds as keys, jobs and records see them: a test profile may have moved them. */
  now(): number
  /** Epoch milliseconds of the machine: for signatures and TLS, never moved. */
  machineNow(): number
}

/** The only source of randomness and ids. */
export interface Random {
  /** `size` unpredictable bytes in a fresh buffer that the caller owns. */
  bytes(size: number): Buffer
  /** Fills `target` with unpredictable bytes. */
  fill(target: Buffer): void
  /** A version 4 UUID. */
  uuid(): string
  /** A version 7 UUID of `machineMs`, epoch milliseconds. */
  requestId(machineMs: number): RequestId
}

/** Makes key pairs of a key spec, off the calling thread. The caller owns both halves. */
export type KeyPairs = (spec: KeySpec) => MaybeAsync<KeyPairDer>
