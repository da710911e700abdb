/** What a signing thread and the thread that made it say to each other. */
import type { KeyObject } from 'node:crypto'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { SigningInput } from '#crypto/signing.ts'

/** What the thread is asked. A key is sent once and has a number from then on. */
export type SigningRequest =
  | { readonly kind: 'key'; readonly number: number; readonly key: KeyObject }
  | { readonly kind: 'forget'; readonly number: number }
  | {
      readonly kind: 'sign' | 'verify'
      readonly id: number
      readonly key: number
      readonly spec: KeySpec
      readonly input: Omit<SigningInput, 'message'> & { readonly message: Uint8Array }
      /** Empty for `sign`. */
      readonly signature: Uint8Array
    }
  | Sm2Request

/** An operation of crypto/sm2-operations.ts. */
export type Sm2Request =
  | { readonly kind: 'encrypt' | 'decrypt'; readonly id: number; readonly key: number; readonly bytes: Uint8Array }
  | { readonly kind: 'agree'; readonly id: number; readonly key: number; readonly other: KeyObject }

/** What it answers; `failed`: the words of an error. */
export interface SigningReply {
  readonly id: number
  /** A signature, or what an operation of SM2 answers. */
  readonly bytes?: Uint8Array | undefined
  readonly valid?: boolean | undefined
  readonly failed?: string | undefined
}
