/**
 * What notices that somebody changed the database behind our back.
 *
 * A row's MAC shows edited and swapped rows. It can't show a deleted row, or one put back to an older state with the MAC of
 * that time; for that each table has a count and the XOR of one keyed element per row (the MSet-XOR-Hash of Clarke et al.,
 * "Incremental Multiset Hash Functions", ASIACRYPT 2003), which a change updates without reading other rows. That hash is
 * safe only while the sums are secret and no element occurs twice: rows have distinct primary keys, and the head that holds
 * the sums is encrypted.
 */
import type { KeyObject } from 'node:crypto'
import { IntegrityError } from '#base/integrity-error.ts'
import { lengthPrefixed, unwrapBytes, wrapBytes } from './aead.ts'
import type { HmacKey } from './hmac.ts'

/** Bytes of a row MAC, of a row element and of a table's sum. */
export const macLength = 32

/** The rows of one table. */
export interface TableSum {
  readonly count: number
  /** XOR of the row elements, 32 bytes; zeros for an empty table. */
  readonly xor: Buffer
}

/** The state of all tables at one revision of the database. */
export interface SealedHead {
  readonly revision: number
  readonly tables: ReadonlyMap<string, TableSum>
}

/** The MAC of a row: 32 bytes over its table, primary key, content and revision. Compare with timingSafeEqual. */
export function rowMac(
  key: HmacKey,
  table: string,
  primaryKey: readonly string[],
  content: string,
  rev: number,
): Buffer {
  return mac(key, lengthPrefixed('row', table, lengthPrefixed(...primaryKey), content, revision(rev)))
}

/** What the row adds to its table's sum: 32 bytes, to be kept as secret as the sum. */
export function rowElement(
  key: HmacKey,
  table: string,
  primaryKey: readonly string[],
  rev: number,
  rowMac: Buffer,
): Buffer {
  return mac(key, lengthPrefixed('element', table, lengthPrefixed(...primaryKey), revision(rev), rowMac))
}

/** Adds `element` to `sum`, or takes it out again: the two are the same. */
export function accumulate(sum: Buffer, element: Buffer): void {
  for (let index = 0; index < macLength; index += 1) sum[index] = (sum[index] ?? 0) ^ (element[index] ?? 0)
}

/** Encrypts `head` under the hierarchy's sealed head key with `iv` (12 random bytes). */
export function sealHead(key: KeyObject, installationId: string, head: SealedHead, iv: Buffer): Buffer {
  const tables = [...head.tables].map(([name, { count, xor }]) => [name, count, xor.toString('hex')])
  const plaintext = Buffer.from(JSON.stringify([head.revision, tables]))
  const sealed = wrapBytes(key, iv, plaintext, headIdentity(installationId))
  plaintext.fill(0)
  return sealed
}

/** The head that `sealHead` sealed. Throws IntegrityError for anything else. */
export function openHead(key: KeyObject, installationId: string, sealed: Buffer): SealedHead {
  const plaintext = unwrapBytes(key, sealed, headIdentity(installationId))
  if (plaintext === undefined) throw new IntegrityError('the sealed head of the database is not what was stored')
  const head: unknown = JSON.parse(plaintext.toString())
  plaintext.fill(0)
  if (!Array.isArray(head) || typeof head[0] !== 'number' || !Array.isArray(head[1])) throw unreadable()
  const tables = new Map<string, TableSum>()
  for (const row of head[1] as readonly unknown[]) {
    if (!Array.isArray(row)) throw unreadable()
    const [name, count, xor] = row as readonly unknown[]
    if (typeof name !== 'string' || typeof count !== 'number' || typeof xor !== 'string') throw unreadable()
    tables.set(name, { count, xor: Buffer.from(xor, 'hex') })
  }
  return { revision: head[0], tables }
}

function unreadable(): IntegrityError {
  return new IntegrityError('the sealed head of the database has a form that this program does not know')
}

function headIdentity(installationId: string): Buffer {
  return lengthPrefixed('sealed-head', installationId)
}

function mac(key: HmacKey, message: Buffer): Buffer {
  const target = Buffer.alloc(macLength)
  key.into(message, target)
  return target
}

function revision(rev: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(rev))
  return bytes
}
