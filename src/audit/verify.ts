import { setImmediate as turn } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import { genesis, pageHash, sameHash } from './page.ts'
import type { Head } from './page.ts'
import { isPacked, unpacked } from './packed.ts'
import { headerOf, pageOf, readCheckpoint } from './trail-schema.ts'
import type { StoredPage } from './trail-schema.ts'

export interface VerifyOptions {
  /** A position that was kept elsewhere; without one the end of the trail can be cut off unnoticed. */
  readonly anchor?: Head | undefined
  /** Called about ten times a second with the last sequence number checked. */
  readonly onProgress?: ((seq: number) => void) | undefined
}

export interface Intact {
  readonly ok: true
  /** Records and pages that were checked. */
  readonly records: number
  readonly pages: number
  /** The last sequence number that retention has removed; 0 when it has removed none. */
  readonly removedUpTo: number
  readonly head: Head
  /** `older`: the anchored record has been removed by retention since. */
  readonly anchor: 'matches' | 'older' | 'none given'
}
export interface Broken {
  readonly ok: false
  /** The first record that can't be trusted. */
  readonly seq: number
  readonly problem: string
}
export type Verdict = Intact | Broken

const broken = (seq: number, problem: string): Broken => ({ ok: false, seq, problem })
const range = (first: number, last: number): string =>
  first === last ? `record ${first}` : `records ${first} to ${last}`

/**
 * Reads every page once, one at a time, and stops at the first that isn't what was written. The trail may grow, and
 * retention may go on, meanwhile.
 */
export async function verifyTrail(db: DatabaseSync, key: HmacKey, options: VerifyOptions): Promise<Verdict> {
  let previous: Head = genesis
  try {
    return await check()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return broken(previous.seq + 1, `the trail can't be read behind record ${previous.seq}: ${reason}`)
  }

  async function check(): Promise<Verdict> {
    const start = readCheckpoint(db, key) ?? genesis
    previous = start
    let removedUpTo = start.seq
    const { anchor, onProgress } = options
    let anchored: Intact['anchor'] = anchor === undefined ? 'none given' : 'older'
    let records = 0
    let pages = 0
    let lastTurn = performance.now()
    const next = db.prepare('SELECT * FROM page WHERE first_seq > ? ORDER BY first_seq LIMIT 1')
    const early = db.prepare('SELECT * FROM page WHERE first_seq <= ? ORDER BY first_seq LIMIT 1').get(start.seq)
    if (early !== undefined) {
      // Retention may have gone on between the two reads.
      const now = readCheckpoint(db, key) ?? genesis
      const { firstSeq } = headerOf(early)
      if (now.seq === start.seq)
        return broken(firstSeq, `record ${firstSeq} lies before the checkpoint at ${start.seq}`)
    }
    for (;;) {
      if (anchor !== undefined && previous.seq === anchor.seq) {
        if (!sameHash(previous.hash, anchor.hash)) {
          return broken(anchor.seq, `record ${anchor.seq} is not the one that was anchored`)
        }
        anchored = 'matches'
      }
      const row = next.get(previous.seq)
      const page = row && pageOf(row)
      if (page === undefined || page.firstSeq !== previous.seq + 1) {
        const checkpoint = readCheckpoint(db, key)
        if (checkpoint !== undefined && checkpoint.seq > previous.seq) {
          previous = checkpoint
          removedUpTo = checkpoint.seq
          continue
        }
        if (page === undefined) break
        return broken(previous.seq + 1, `${range(previous.seq + 1, page.firstSeq - 1)} are missing`)
      }
      const problem = problemOf(page, previous, key)
      if (problem !== undefined) return broken(page.firstSeq, problem)
      const last = page.firstSeq + page.count - 1
      if (anchor !== undefined && page.firstSeq <= anchor.seq && anchor.seq < last) {
        return broken(page.firstSeq, `record ${anchor.seq} was anchored as the end of a page, and is within one`)
      }
      previous = { seq: last, hash: page.hash }
      records += page.count
      pages++
      if (performance.now() - lastTurn > 100) {
        onProgress?.(previous.seq)
        await turn()
        lastTurn = performance.now()
      }
    }
    if (anchor !== undefined && anchor.seq > previous.seq) {
      const missing = range(previous.seq + 1, anchor.seq)
      return broken(previous.seq + 1, `the trail ends at record ${previous.seq}; ${missing} were removed from its end`)
    }
    onProgress?.(previous.seq)
    return { ok: true, records, pages, removedUpTo, head: previous, anchor: anchored }
  }
}

function problemOf(page: StoredPage, previous: Head, key: HmacKey): string | undefined {
  const isIntact = sameHash(pageHash(key, previous.hash, page, page.stored), page.hash)
  // What the chain doesn't vouch for is not unpacked.
  if (isIntact || !isPacked(page.stored)) {
    const bytes = unpacked(page.stored)
    const lines = lineFeeds(bytes)
    if (page.count < 1 || lines !== page.count || bytes.at(-1) !== 10) {
      return `the page of record ${page.firstSeq} should hold ${page.count} records and holds ${lines}`
    }
  }
  if (isIntact) return undefined
  const which = range(page.firstSeq, page.firstSeq + page.count - 1)
  return `${which}: the chain is broken here. They were changed, put elsewhere, or not written by this installation`
}

function lineFeeds(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}
