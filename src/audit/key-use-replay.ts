/** What the records of the trail tell of uses of keys: read again for those that were in memory when a process ended. */
import { DatabaseSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { isObject } from './json-object.ts'
import type { KeyUseState } from './key-use-state.ts'
import { KeyUseNotes } from './key-use-notes.ts'
import { keyUseText } from './key-use-text.ts'
import { genesis, pageHash, sameHash } from './page.ts'
import type { Head, Page } from './page.ts'
import { unpacked } from './packed.ts'
import { pageOf, readCheckpoint } from './trail-schema.ts'

export interface ReplayedPage {
  /** The uses of keys that the page tells of (key-use-notes.ts). */
  readonly used: Buffer
  /** Where the page ends in the trail; undefined of what waits in the spool. */
  readonly head: Head | undefined
}

export interface Replay {
  /** See KeyUseState. */
  readonly since: number
  /** Pages in their order, once. */
  readonly pages: Iterable<ReplayedPage>
}

export interface ReplaySource {
  /** `DIR/trail.db` */
  readonly path: string
  readonly chainKey: HmacKey
  /** What is stored; undefined before anything was: then the whole trail is read. */
  readonly state: Pick<KeyUseState, 'head' | 'since'> | undefined
  /** The names of the operations whose successes are uses of keys. */
  readonly tracked: ReadonlySet<string>
  /** What waits in the spool, in order. */
  readonly spooled: readonly Page[]
}

/**
 * All uses behind `state`. Where retention has removed records that nobody had read, `since` says from when uses are known.
 * Pages are verified as they are read: reading on throws IntegrityError for one that is not what was written.
 */
export function replayKeyUses(source: ReplaySource): Replay {
  const db = new DatabaseSync(source.path, { readOnly: true, timeout: 5000 })
  try {
    const checkpoint = readCheckpoint(db, source.chainKey)
    const stored = source.state?.head ?? genesis
    const isCut = checkpoint !== undefined && checkpoint.seq > stored.seq
    const since = isCut ? checkpoint.maxMs : (source.state?.since ?? 0)
    return { since, pages: pagesBehind(db, isCut ? checkpoint : stored, source) }
  } catch (error) {
    db.close()
    throw error
  }
}

function* pagesBehind(db: DatabaseSync, start: Head, source: ReplaySource): Generator<ReplayedPage> {
  const { chainKey, tracked, spooled } = source
  const used = new KeyUseNotes()
  try {
    const next = db.prepare('SELECT * FROM page WHERE first_seq > ? ORDER BY first_seq LIMIT 1')
    let head = start
    for (;;) {
      const row = next.get(head.seq)
      if (row === undefined) break
      const page = pageOf(row)
      if (page.firstSeq !== head.seq + 1 || !sameHash(pageHash(chainKey, head.hash, page, page.stored), page.hash)) {
        throw new IntegrityError(`the audit trail is broken at record ${head.seq + 1}: records were changed or removed`)
      }
      head = { seq: page.firstSeq + page.count - 1, hash: page.hash }
      yield { used: usesOf(unpacked(page.stored), tracked, used), head }
    }
  } finally {
    db.close()
  }
  for (const page of spooled) yield { used: usesOf(page.bytes, tracked, used), head: undefined }
}

/** The uses of keys that the records in `bytes` tell of, collected in `used`, which is empty before and after. */
function usesOf(bytes: Uint8Array, tracked: ReadonlySet<string>, used: KeyUseNotes): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const record: unknown = JSON.parse(line)
    if (!isObject(record)) continue
    const isUse = record['eventType'] === 'AwsApiCall' && tracked.has(textIn(record, 'eventName'))
    const isEnd = record['eventType'] === 'AwsServiceEvent' && record['eventName'] === 'DeleteKey'
    if (record['eventSource'] !== 'kms.amazonaws.com' || record['errorCode'] !== undefined) continue
    if (isUse) for (const key of keysIn(record)) used.add(key, useIn(record))
    else if (isEnd) for (const key of keysIn(record)) used.add(key, '')
  }
  const notes = Buffer.alloc(used.length)
  used.moveTo(notes, 0)
  return notes
}

type JsonObject = Readonly<Record<string, unknown>>

function useIn(record: JsonObject): string {
  return keyUseText({
    operation: textIn(record, 'eventName'),
    time: Date.parse(textIn(record, 'eventTime')),
    requestId: textIn(record, 'requestID'),
    eventId: textIn(record, 'eventID'),
  })
}

function keysIn({ resources }: JsonObject): readonly string[] {
  if (!Array.isArray(resources)) return []
  return (resources as readonly unknown[]).flatMap((resource) => (isObject(resource) ? [textIn(resource, 'ARN')] : []))
}

function textIn(record: JsonObject, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}
