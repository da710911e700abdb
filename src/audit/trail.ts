import { statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { HmacKey } from '#crypto/hmac.ts'
import type { Clock } from '#ports/edge.ts'
import type { OutboxEntry } from '#ports/storage.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { genesis, pageHash, sameHash } from './page.ts'
import type { Head, Page, PageHeader } from './page.ts'
import { packed } from './packed.ts'
import { headerColumns, headerOf, openTrailFile, pageOf, readCheckpoint, schemaVersion } from './trail-schema.ts'
import { removeOldest, shrink, usedBytes } from './retention.ts'
import type { Retention } from './retention.ts'
import { pageOfRecords, rowsOf } from './rows.ts'

export interface TrailOptions {
  /** `DIR/trail.db` */
  readonly path: string
  /** The audit-chain key. It stays the caller's to destroy, after `close`. */
  readonly chainKey: HmacKey
  readonly clock: Clock
  /** A head that was anchored elsewhere: a trail that doesn't contain it is refused. */
  readonly anchor?: Head
  /** Pages are joined into one row up to this size. Default 1 MiB. */
  readonly maxRowBytes?: number
}

/**
 * The trail, as the one thread that writes it has it. All methods block until what they say is durable; they throw what the
 * file system or SQLite says, and then nothing was stored.
 */
export class Trail {
  readonly #path: string
  readonly #key: HmacKey
  readonly #clock: Clock
  readonly #maxRowBytes: number
  #db: DatabaseSync
  #insert: StatementSync
  #head: Head = genesis
  #outbox = 0
  #spool = 0

  /** Opens or creates the trail. Throws IntegrityError when its head, its checkpoint or the anchor don't fit together. */
  constructor(options: TrailOptions) {
    this.#path = options.path
    this.#key = options.chainKey
    this.#clock = options.clock
    this.#maxRowBytes = options.maxRowBytes ?? 1_048_576
    this.#db = openTrailFile(this.#path, options.anchor !== undefined && options.anchor.seq > 0)
    this.#insert = prepareInsert(this.#db)
    try {
      this.#readHead(options.anchor)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** The last record's position. */
  head(): Head {
    return this.#head
  }

  /** The id of the last entry of the outbox that is in the trail; 0 before the first. */
  get lastOutboxId(): number {
    return this.#outbox
  }

  /** The id of the last spooled batch that is in the trail; 0 before the first. */
  get lastSpoolId(): number {
    return this.#spool
  }

  /** Appends pages in their order, in one transaction. */
  append(pages: readonly Page[]): Head {
    return this.#store(pages, this.#outbox, this.#spool)
  }

  /**
   * Appends entries of the outbox in ascending order. Which was the last is part of the pages, so that it is stored or lost
   * with them: entries that are in the trail already are passed over. That an entry with such an id is one of those is the
   * caller's to know, who has seen where the ids come from.
   */
  appendFromOutbox(entries: readonly OutboxEntry[]): Head {
    const fresh = entries.filter((entry) => entry.id > this.#outbox).sort((a, b) => a.id - b.id)
    const last = fresh.at(-1)
    if (last === undefined) return this.#head
    const texts = fresh.map((entry) => entry.record)
    return this.#store([pageOfRecords(texts, this.#clock.machineNow())], last.id, this.#spool)
  }

  /** Appends the spooled batch `id`, unless it is in the trail already. */
  appendSpooled(id: number, page: Page): Head {
    if (id <= this.#spool) return this.#head
    return this.#store([page], this.#outbox, id)
  }

  /**
   * Removes what retention no longer keeps, oldest first, a few megabytes at a time: call it again, with the requests
   * that came meanwhile served first, until it answers 'done'.
   */
  retain(rule: Retention): 'more' | 'done' {
    const removed = removeOldest(this.#db, this.#key, rule, this.#clock.machineNow())
    return removed || shrink(this.#db) ? 'more' : 'done'
  }

  /** About when the oldest record was made, epoch milliseconds; undefined while there is none. */
  oldest(): number | undefined {
    // Of a spool that was moved late the pages are older than those before them.
    const found = [
      this.#db.prepare('SELECT min_ms FROM page ORDER BY first_seq LIMIT 1').get()?.['min_ms'],
      this.#db.prepare('SELECT min_ms FROM page ORDER BY max_ms, min_ms LIMIT 1').get()?.['min_ms'],
    ].filter((time) => typeof time === 'number')
    return found.length === 0 ? undefined : Math.min(...found)
  }

  /** For quiet moments: empties the write-ahead log into the database and truncates it, unless a reader is in the way. */
  idle(): void {
    if (this.logBytes() === 0) return
    this.#db.exec('PRAGMA busy_timeout = 0')
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#db.exec('PRAGMA busy_timeout = 5000')
  }

  /** Size of the write-ahead log in bytes. */
  logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Size in bytes of what the database file holds, without free pages. */
  usedBytes(): number {
    return usedBytes(this.#db)
  }

  /**
   * Opens the file again after an input or output error, for the connection may hold on to what is gone. Throws
   * IntegrityError when another trail, or none, is there now.
   */
  reopen(): void {
    const before = this.#head
    this.close()
    this.#db = openTrailFile(this.#path, before.seq > 0)
    this.#insert = prepareInsert(this.#db)
    this.#readHead(before)
  }

  /** Commits something that changes nothing: throws while the file can't be written. */
  probe(): void {
    this.#db.exec(`PRAGMA user_version = ${schemaVersion}`)
  }

  /** False while `reopen` has failed. */
  get isOpen(): boolean {
    return this.#db.isOpen
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #store(pages: readonly Page[], outbox: number, spool: number): Head {
    const rows = rowsOf(pages, this.#maxRowBytes)
    if (rows.length === 0) return this.#head
    let head = this.#head
    // One row is a transaction by itself.
    if (rows.length > 1) this.#db.exec('BEGIN IMMEDIATE')
    try {
      for (const row of rows) {
        const { count, minMs, maxMs } = row
        const header: PageHeader = { firstSeq: head.seq + 1, count, minMs, maxMs, outbox, spool }
        const stored = packed(row.bytes)
        const hash = pageHash(this.#key, head.hash, header, stored)
        this.#insert.run(header.firstSeq, count, minMs, maxMs, outbox, spool, hash, stored)
        head = { seq: head.seq + count, hash }
      }
      if (rows.length > 1) this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
    this.#head = head
    this.#outbox = outbox
    this.#spool = spool
    return head
  }

  /** Verifies the newest page against what precedes it. The rest is `verifyTrail`'s to read. */
  #readHead(anchor: Head | undefined): void {
    const checkpoint = readCheckpoint(this.#db, this.#key)
    const [last, before] = this.#db.prepare('SELECT * FROM page ORDER BY first_seq DESC LIMIT 2').all().map(pageOf)
    const previous: Head = before
      ? { seq: before.firstSeq + before.count - 1, hash: before.hash }
      : (checkpoint ?? genesis)
    if (last === undefined) {
      this.#head = previous
      this.#outbox = checkpoint?.outbox ?? 0
      this.#spool = checkpoint?.spool ?? 0
    } else {
      const linked = previous.hash.length === 32 && last.firstSeq === previous.seq + 1
      if (!linked || !sameHash(pageHash(this.#key, previous.hash, last, last.stored), last.hash)) {
        throw new IntegrityError(
          `the audit trail is broken at its end, at record ${last.firstSeq}: it was changed, or is sealed by another key`,
        )
      }
      this.#head = { seq: last.firstSeq + last.count - 1, hash: last.hash }
      this.#outbox = last.outbox
      this.#spool = last.spool
    }
    if (anchor !== undefined) this.#checkAnchor(anchor, checkpoint ?? genesis)
  }

  #checkAnchor(anchor: Head, start: Head): void {
    if (anchor.seq > this.#head.seq) {
      throw new IntegrityError(
        `the audit trail ends at record ${this.#head.seq}, but record ${anchor.seq} was in it: its end was removed`,
      )
    }
    if (anchor.seq < start.seq) return
    const row = this.#db
      .prepare(`SELECT ${headerColumns} FROM page WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1`)
      .get(anchor.seq)
    const hash = anchor.seq === start.seq ? start.hash : row && headerOf(row).hash
    if (hash === undefined || !sameHash(hash, anchor.hash)) {
      throw new IntegrityError(`the audit trail is not the one that record ${anchor.seq} was anchored in`)
    }
  }
}

function prepareInsert(db: DatabaseSync): StatementSync {
  return db.prepare(`INSERT INTO page (${headerColumns}, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
}
