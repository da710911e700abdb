/** Pages, the unit in which records travel and are stored, and the keyed chain over them. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { HmacKey } from '#crypto/hmac.ts'

/** Records of one worker, or of one stored row: each is one line of UTF-8 JSON that ends with a line feed. */
export interface Page {
  readonly bytes: Uint8Array
  readonly count: number
  /** The earliest and the latest request in it by the time in their request ids: machine time, epoch milliseconds. */
  readonly minMs: number
  readonly maxMs: number
}

/** A position of the chain: the sequence number of a page's last record and the page's hash (32 bytes). */
export interface Head {
  readonly seq: number
  readonly hash: Buffer
}

/** What the hash of a page covers beside its bytes. */
export interface PageHeader {
  readonly firstSeq: number
  readonly count: number
  readonly minMs: number
  readonly maxMs: number
  /** The last entry of the outbox and the last spooled batch that had arrived when this page was stored. */
  readonly outbox: number
  readonly spool: number
}

/** Where retention has cut the trail: verification starts from `seq` and `hash` of the last page that was removed. */
export interface Checkpoint extends Head {
  readonly outbox: number
  readonly spool: number
  /** Pages removed since the trail began (records: `seq`, for sequence numbers start at 1). */
  readonly pages: number
  /** The latest request among them, and when they were removed. Epoch milliseconds. */
  readonly maxMs: number
  readonly at: number
}

/** What precedes the first page. */
export const genesis: Head = { seq: 0, hash: Buffer.alloc(32) }

// Different labels, so that a page's hash can never pass for the MAC of a checkpoint. Fixed widths, so that no two
// different headers are the same bytes.
const pageLabel = Buffer.from('trent-page-1\0\0\0\0', 'latin1')
const checkpointLabel = Buffer.from('trent-checkpt-1\0', 'latin1')
const pageInput = Buffer.alloc(16 + 32 + 6 * 8 + 32)
pageLabel.copy(pageInput)
const checkpointInput = Buffer.alloc(16 + 32 + 6 * 8)
checkpointLabel.copy(checkpointInput)

// Safe integers only, which a double holds exactly and in one way.
const writeInteger = (target: Buffer, value: number, offset: number): number => target.writeDoubleBE(value, offset)

/**
 * The hash of a page: HMAC-SHA-256 over the hash before it, its header and the SHA-256 of its bytes (so that bytes are
 * hashed where they lie, without a copy). A fresh buffer.
 */
export function pageHash(key: HmacKey, previous: Buffer, header: PageHeader, bytes: Uint8Array): Buffer {
  previous.copy(pageInput, 16, 0, 32)
  writeInteger(pageInput, header.firstSeq, 48)
  writeInteger(pageInput, header.count, 56)
  writeInteger(pageInput, header.minMs, 64)
  writeInteger(pageInput, header.maxMs, 72)
  writeInteger(pageInput, header.outbox, 80)
  writeInteger(pageInput, header.spool, 88)
  pageInput.write(hash('sha256', bytes, 'latin1'), 96, 'latin1')
  return Buffer.from(key.latin1(pageInput), 'latin1')
}

/** The MAC of a checkpoint. A fresh buffer of 32 bytes. */
export function checkpointMac(key: HmacKey, checkpoint: Checkpoint): Buffer {
  checkpoint.hash.copy(checkpointInput, 16, 0, 32)
  writeInteger(checkpointInput, checkpoint.seq, 48)
  writeInteger(checkpointInput, checkpoint.outbox, 56)
  writeInteger(checkpointInput, checkpoint.spool, 64)
  writeInteger(checkpointInput, checkpoint.pages, 72)
  writeInteger(checkpointInput, checkpoint.maxMs, 80)
  writeInteger(checkpointInput, checkpoint.at, 88)
  return Buffer.from(key.latin1(checkpointInput), 'latin1')
}

/** The MAC of the spooled batch `id`, in hex. */
export function spoolMac(key: HmacKey, id: number, page: Page): string {
  return key.hex(spoolInput(id, page))
}

/** Whether `mac` is the MAC of the spooled batch `id`. */
export function spoolMacMatches(key: HmacKey, id: number, page: Page, mac: string): boolean {
  return key.matchesHex(spoolInput(id, page), mac)
}

function spoolInput(id: number, page: Page): string {
  const content = hash('sha256', page.bytes, 'hex')
  return `trent-spooled-1\0${id} ${page.count} ${page.minMs} ${page.maxMs} ${content}`
}

/** Whether two hashes are the same. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
