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
  /** The last id that a record in the outbox was given: ids have no gaps and are never given again. 0 before the first. */
  readonly lastOutboxId: number
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
  reserve(table, primaryKey, content.length * 3)
  return finish(key, putRevision(rev, put(content, putIdentity('row', table, primaryKey))))
}

/** What the row adds to its table's sum: 32 bytes, to be kept as secret as the sum. */
export function rowElement(
  key: HmacKey,
  table: string,
  primaryKey: readonly string[],
  rev: number,
  rowMac: Buffer,
): Buffer {
  reserve(table, primaryKey, rowMac.length)
  const at = putRevision(rev, putIdentity('element', table, primaryKey))
  putLength(rowMac.length, at)
  scratch.set(rowMac, at + 4)
  return finish(key, at + 4 + rowMac.length)
}

/** Adds `element` to `sum`, or takes it out again: the two are the same. */
export function accumulate(sum: Buffer, element: Buffer): void {
  for (let index = 0; index < macLength; index += 1) sum[index] = (sum[index] ?? 0) ^ (element[index] ?? 0)
}

/** Encrypts `head` under the hierarchy's sealed head key with `iv` (12 random bytes). */
export function sealHead(key: KeyObject, installationId: string, head: SealedHead, iv: Buffer): Buffer {
  const tables = [...head.tables].map(([name, { count, xor }]) => [name, count, xor.toString('hex')])
  const plaintext = Buffer.from(JSON.stringify([head.revision, head.lastOutboxId, tables]))
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
  if (!Array.isArray(head)) throw unreadable()
  const [revision, lastOutboxId, rows] = head as readonly unknown[]
  if (typeof revision !== 'number' || typeof lastOutboxId !== 'number' || !Array.isArray(rows)) throw unreadable()
  const tables = new Map<string, TableSum>()
  for (const row of rows as readonly unknown[]) {
    if (!Array.isArray(row)) throw unreadable()
    const [name, count, xor] = row as readonly unknown[]
    if (typeof name !== 'string' || typeof count !== 'number' || typeof xor !== 'string') throw unreadable()
    tables.set(name, { count, xor: Buffer.from(xor, 'hex') })
  }
  return { revision, lastOutboxId, tables }
}

function unreadable(): IntegrityError {
  return new IntegrityError('the sealed head of the database has a form that this program does not know')
}

function headIdentity(installationId: string): Buffer {
  return lengthPrefixed('sealed-head', installationId)
}

// The input of a MAC, put together in place: one is computed for each row that is loaded or scanned. What stands in it is
// what the row says, which is no secret.
let scratch = Buffer.alloc(8192)

// UTF-8 takes at most three bytes for each UTF-16 unit.
function reserve(table: string, primaryKey: readonly string[], more: number): void {
  let size = 64 + table.length * 3 + more
  for (const part of primaryKey) size += 4 + part.length * 3
  if (size > scratch.length) scratch = Buffer.alloc(size * 2)
}
function putIdentity(kind: string, table: string, primaryKey: readonly string[]): number {
  const start = put(table, put(kind, 0))
  let at = start + 4
  for (const part of primaryKey) at = put(part, at)
  putLength(at - start - 4, start)
  return at
}
function put(text: string, at: number): number {
  const size = text.length < 48 ? putShort(text, at + 4) : scratch.write(text, at + 4)
  putLength(size, at)
  return at + 4 + size
}
// Ids and names are ASCII: a loop is faster than a call into native code.
function putShort(text: string, at: number): number {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return scratch.write(text, at)
    scratch[at + index] = unit
  }
  return text.length
}
function putLength(length: number, at: number): void {
  scratch[at] = length >>> 24
  scratch[at + 1] = length >>> 16
  scratch[at + 2] = length >>> 8
  scratch[at + 3] = length
}
function putRevision(rev: number, at: number): number {
  putLength(8, at)
  putLength(Math.floor(rev / 0x1_0000_0000), at + 4)
  putLength(rev % 0x1_0000_0000, at + 8)
  return at + 12
}
function finish(key: HmacKey, size: number): Buffer {
  const target = Buffer.alloc(macLength)
  key.into(scratch.subarray(0, size), target)
  return target
}
