/** What is stored about the table of last uses: one sealed row, so that nobody can make it fit an edited table. */
import type { KeyObject } from 'node:crypto'
import { IntegrityError } from '#base/integrity-error.ts'
import { lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { TableSum } from '#crypto/row-mac.ts'
import type { Head } from './page.ts'

/** What protects the last uses: a `Hierarchy` has all of it. The keys stay the caller's. */
export interface KeyUseKeys {
  readonly installationId: string
  readonly stateMac: HmacKey
  readonly sealedHeadKey: KeyObject
}

export interface KeyUseState {
  /** The uses that records up to there tell of are in the table. */
  readonly head: Head
  /** Uses before may be missing, for retention had removed records before they were read; 0 when none are. Epoch milliseconds. */
  readonly since: number
  /** Over all rows of the table. */
  readonly sum: TableSum
}

/** Seals `state` with `iv` (12 random bytes). */
export function sealKeyUseState(keys: KeyUseKeys, { head, since, sum }: KeyUseState, iv: Buffer): Buffer {
  const parts = [head.seq, head.hash.toString('hex'), since, sum.count, sum.xor.toString('hex')]
  const plaintext = Buffer.from(JSON.stringify(parts))
  const sealed = wrapBytes(keys.sealedHeadKey, iv, plaintext, identityOf(keys))
  plaintext.fill(0)
  return sealed
}

/** The state that `sealKeyUseState` sealed. Throws IntegrityError for anything else. */
export function openKeyUseState(keys: KeyUseKeys, sealed: unknown): KeyUseState {
  const plaintext =
    sealed instanceof Uint8Array ? unwrapBytes(keys.sealedHeadKey, Buffer.from(sealed), identityOf(keys)) : undefined
  if (plaintext === undefined) {
    throw new IntegrityError('The state of the last uses of keys in the trail is not what was written.')
  }
  const parts: unknown = JSON.parse(plaintext.toString())
  plaintext.fill(0)
  const [seq, hash, since, count, xor] = Array.isArray(parts) ? (parts as readonly unknown[]) : []
  if (
    typeof seq !== 'number' ||
    typeof hash !== 'string' ||
    typeof since !== 'number' ||
    typeof count !== 'number' ||
    typeof xor !== 'string'
  ) {
    throw new IntegrityError('The state of the last uses of keys has a form that this program does not know.')
  }
  return {
    head: { seq, hash: Buffer.from(hash, 'hex') },
    since,
    sum: { count, xor: Buffer.from(xor, 'hex') },
  }
}

function identityOf({ installationId }: KeyUseKeys): Buffer {
  return lengthPrefixed('key-use-state', installationId)
}
