/**
 * The anchor: what the database and the trail were when something was last committed, kept outside of both. A database
 * that is older than its anchor was rolled back. (Rolling back both together is not detected without state that the
 * machine's owner cannot rewrite.)
 */
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HmacKey } from '#crypto/hmac.ts'
import { syncDirectory } from '#files/sync-directory.ts'

export interface AnchorState {
  /** The database head's revision. */
  readonly revision: number
  /** The database head's digest, 32 bytes in hex. */
  readonly headDigest: string
  /** The sequence number of the trail's last record. */
  readonly trailSequence: number
  /** The trail's chain hash at that record, 32 bytes in hex. */
  readonly trailHash: string
}

/** The anchor is missing, damaged or contradicts the database: the service must not start. Says what an operator can do. */
export class AnchorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AnchorError'
  }
}

export interface Anchor {
  /** What was last written. */
  readonly state: AnchorState
  /** Call after each commit. Costs one write to the page cache. Throws AnchorError, also after `close`. */
  write(state: AnchorState): void
  close(): void
}

const zeros = '0'.repeat(64)
const nothing: AnchorState = { revision: 0, headDigest: zeros, trailSequence: 0, trailHash: zeros }

// magic 8, revision 8, head digest 32, trail sequence 8, trail hash 32, MAC 32 (bytes)
const magic = Buffer.from('TRNTANC1', 'latin1')
const macOffset = 88
const slotSize = 120
// Slots in blocks of their own: a write that a power failure cuts short harms one of them.
const slotDistance = 4096

/**
 * Opens the anchor at `path`. For a `new` database it is created, before the database is: so that from then on a missing
 * anchor always means that somebody removed it. The key stays the caller's. Throws AnchorError.
 */
export function openAnchor(path: string, key: HmacKey, database: 'new' | 'existing'): Anchor {
  if (!existsSync(path)) {
    if (database === 'existing') throw missing(path)
    create(path, key)
  }
  const fd = open(path)
  try {
    const latest = readLatest(fd, path, key)
    if (database === 'new' && latest.state.revision > 0) {
      throw new AnchorError(
        `The anchor ${path} belongs to a database at revision ${latest.state.revision}, but there is no database. Restore the database from a backup; to start anew, choose an empty data directory.`,
      )
    }
    return anchorOn(fd, key, latest)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Throws AnchorError unless the database whose head is given is the anchor's or a later one. */
export function checkAnchor(state: AnchorState, head: { readonly revision: number; readonly digest: string }): void {
  if (state.revision > head.revision) {
    throw new AnchorError(
      `The database is older than its anchor: it was rolled back or restored from a backup (database revision ${head.revision}, anchor revision ${state.revision}). If an operator restored a backup on purpose, confirm the restore; otherwise keep a copy of the data directory and find out who replaced the database.`,
    )
  }
  if (state.revision === head.revision && state.headDigest !== head.digest) {
    throw new AnchorError(
      `The database is not the one that its anchor describes: both are at revision ${head.revision}, with different contents. It was replaced by another copy. If an operator restored a backup on purpose, confirm the restore; otherwise keep a copy of the data directory and find out who replaced the database.`,
    )
  }
}

interface Slot {
  readonly index: number
  readonly state: AnchorState
}

function anchorOn(fd: number, key: HmacKey, latest: Slot): Anchor {
  const buffer = Buffer.alloc(slotSize)
  let { index, state } = latest
  let isOpen = true
  return {
    get state() {
      return state
    },
    write: (next) => {
      // The number of a closed descriptor may by now be another file's.
      if (!isOpen) throw new AnchorError('The anchor is closed.')
      const target = 1 - index
      encode(next, key, buffer)
      // Not synced: the database is, before this, and an anchor that a power failure sets back by some commits is older
      // than its database, which is harmless. The other slot holds the last state while this one is being written.
      writeAll(fd, buffer, target * slotDistance)
      index = target
      state = next
    },
    close: () => {
      if (!isOpen) return
      isOpen = false
      closeSync(fd)
    },
  }
}

function readLatest(fd: number, path: string, key: HmacKey): Slot {
  const slots = [0, 1].flatMap((index): Slot[] => {
    const state = decode(fd, index, key)
    return state === undefined ? [] : [{ index, state }]
  })
  const latest = slots.reduce<Slot | undefined>(
    (best, slot) => (best === undefined || isLater(slot.state, best.state) ? slot : best),
    undefined,
  )
  if (latest === undefined) {
    throw new AnchorError(
      `The anchor ${path} is damaged or belongs to another installation: nothing in it can be verified. Put back the anchor that belongs to this database; if it is lost, an operator has to confirm that the database is the right one.`,
    )
  }
  return latest
}

function isLater(a: AnchorState, b: AnchorState): boolean {
  return a.revision !== b.revision ? a.revision > b.revision : a.trailSequence > b.trailSequence
}

function missing(path: string): AnchorError {
  return new AnchorError(
    `The anchor ${path} is missing, so it cannot be told whether the database is the latest one or an old copy. Put the file back; if it is lost, an operator has to confirm that the database is the right one.`,
  )
}

function create(path: string, key: HmacKey): void {
  // Under another name first: a file of this name is always whole.
  const unfinished = `${path}.new`
  try {
    const fd = openSync(unfinished, 'w', 0o600)
    try {
      const buffer = Buffer.alloc(slotSize)
      encode(nothing, key, buffer)
      for (const index of [0, 1]) writeAll(fd, buffer, index * slotDistance)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(unfinished, path)
    syncDirectory(dirname(path))
  } catch (error) {
    throw unreachable(path, error)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    throw unreachable(path, error)
  }
}

function unreachable(path: string, cause: unknown): AnchorError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new AnchorError(
    `The anchor ${path} cannot be opened or created (${reason}). The user that runs the service must be able to read and write it, and the disk must have space.`,
    { cause },
  )
}

function writeAll(fd: number, buffer: Buffer, position: number): void {
  const written = writeSync(fd, buffer, 0, buffer.length, position)
  if (written !== buffer.length) throw new AnchorError('The anchor was written in part only: the disk may be full.')
}

function encode(state: AnchorState, key: HmacKey, target: Buffer): void {
  magic.copy(target, 0)
  target.writeBigUInt64BE(BigInt(state.revision), 8)
  target.write(state.headDigest, 16, 32, 'hex')
  target.writeBigUInt64BE(BigInt(state.trailSequence), 48)
  target.write(state.trailHash, 56, 32, 'hex')
  target.write(key.hex(target.subarray(0, macOffset)), macOffset, 32, 'hex')
}

function decode(fd: number, index: number, key: HmacKey): AnchorState | undefined {
  const slot = Buffer.alloc(slotSize)
  if (readSync(fd, slot, 0, slotSize, index * slotDistance) !== slotSize) return undefined
  if (!slot.subarray(0, magic.length).equals(magic)) return undefined
  if (!key.matchesHex(slot.subarray(0, macOffset), slot.toString('hex', macOffset))) return undefined
  return {
    revision: Number(slot.readBigUInt64BE(8)),
    headDigest: slot.toString('hex', 16, 48),
    trailSequence: Number(slot.readBigUInt64BE(48)),
    trailHash: slot.toString('hex', 56, 88),
  }
}
