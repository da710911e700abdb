import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { KeyUseNotes } from '#audit/key-use-notes.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { HmacKey } from '#crypto/hmac.ts'
import { openAnchor } from '#storage/anchor.ts'
import { parseKeyId } from '#base/brand.ts'
import { commitOf, keyAdded, keyRecord, materialOf, place } from '../storage/fixtures.ts'
import { pageOf, recordAt } from '../audit/records.ts'
import { writerOn } from './fixtures.ts'

const installed = '{"eventName":"CreateInstallation"}'

function behindOurBack(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

describe('draining the outbox', () => {
  it('moves the records of changes to the trail, in order, also many steps of them', async (t) => {
    const { writer, storage, records } = writerOn(t)
    const names = Array.from({ length: 1_200 }, (_, index) => `"${index}"`)
    await Promise.all(names.map((name) => writer.commitNow(commitOf([], [], name))))
    for (let waited = 0; records().length < 1_201 && waited < 5_000; waited += 20) await sleep(20)
    assert.deepEqual(records(), [installed, ...names])
    assert.deepEqual(storage.outbox(0, 10), [])
    assert.equal(storage.outboxBytes, 0)
  })

  it('lets pages through between its steps', async (t) => {
    const { writer, storage, records } = writerOn(t)
    storage.commitAll(Array.from({ length: 1_200 }, () => commitOf([], [], '"change"')))
    await writer.commitNow(commitOf([], [], '"last"'))
    // The first step is done by the timer; the page comes while others are to follow.
    for (let waited = 0; records().length === 0 && waited < 5_000; waited += 1) await sleep(1)
    await new Promise<void>((resolve) => writer.page(pageOf([recordAt(1, 7)], 1), () => resolve()))
    for (let waited = 0; records().length < 1_203 && waited < 5_000; waited += 20) await sleep(20)
    assert.equal(records().length, 1_203)
  })

  it('passes over what a crash left in the outbox although the trail has it, and stores nothing twice', (t) => {
    const { writer, storage, records } = writerOn(t, {
      prepare: (trail) => trail.appendFromOutbox([{ id: 1, record: installed }]),
    })
    assert.equal(storage.outbox(0, 10).length, 1)
    writer.drain()
    assert.deepEqual(records(), [installed])
    assert.deepEqual(storage.outbox(0, 10), [])
  })

  it('keeps and reports records with ids that the trail has, but never got from here', async (t) => {
    const { writer, storage, trail, reports, records } = writerOn(t)
    writer.drain()
    trail.appendFromOutbox([{ id: 5, record: '"not from here"' }])
    await writer.commitNow(commitOf([], [], '"acknowledged"'))
    writer.drain()
    assert.deepEqual(storage.outbox(0, 10), [{ id: 2, record: '"acknowledged"' }])
    for (const record of ['"3"', '"4"', '"5"', '"6"']) await writer.commitNow(commitOf([], [], record))
    writer.drain()
    assert.equal(storage.outbox(0, 10).length, 5)
    assert.deepEqual(records(), [installed, '"not from here"'])
    assert.deepEqual(reports, [
      "The audit trail holds the records of changes up to number 5, but the keys' database has made only 2: one of the two is an older copy, or belongs elsewhere. Restore both from the same backup.",
    ])
  })

  it('stops at a record that was removed, and one that was forged, and says so once', async (t) => {
    const { writer, storage, file, reports, records } = writerOn(t)
    for (const record of ['"2"', '"3"']) await writer.commitNow(commitOf([], [], record))
    behindOurBack(file, 'DELETE FROM outbox WHERE id = 2')
    writer.drain()
    writer.tick()
    assert.deepEqual(reports, [
      'The audit record 2 of a change is neither in the outbox nor in the audit trail: removed by another program.',
    ])
    assert.deepEqual(records(), [installed])
    assert.deepEqual(storage.outbox(0, 10), [{ id: 3, record: '"3"' }])
    behindOurBack(file, `INSERT INTO outbox VALUES (2, '"forged"', zeroblob(32))`)
    writer.drain()
    assert.deepEqual(records(), [installed])
  })

  it('is tried again by the clock, without another change', async (t) => {
    const { writer, trail, clock, reports, records } = writerOn(t)
    await writer.commitNow(commitOf([], [], '"2"'))
    trail.close()
    writer.drain()
    assert.equal(reports.length, 1)
    clock.time += 1000
    writer.tick()
    assert.deepEqual(records(), [installed, '"2"'])
    assert.equal(reports.length, 1)
  })
})

describe('while the trail can not be written', () => {
  it('changes are refused once as many records wait as may, although there is a spool', async (t) => {
    const { writer, storage, trail } = writerOn(t, { spools: true })
    trail.close()
    assert.equal(await writer.commitNow(commitOf([], [], '"2"')), 'committed')
    storage.commitAll(Array.from({ length: 9_998 }, () => commitOf([], [], '"x"')))
    await assert.rejects(writer.commitNow(commitOf([], [], '"y"')), {
      message:
        /^no change is made before the audit records of earlier ones are in the trail: 10000 records \(\d+ bytes\) wait, and 10000 \(16777216 bytes\) are the most: /,
    })
  })

  it('changes are refused once the records that wait are as large as they may be', async (t) => {
    const { writer, storage } = writerOn(t)
    const record = JSON.stringify('x'.repeat(262_000))
    storage.commitAll(Array.from({ length: 65 }, () => commitOf([], [], record)))
    await assert.rejects(writer.commitNow(commitOf([], [], '"y"')), { message: /^no change is made before / })
    writer.drain()
    assert.equal(await writer.commitNow(commitOf([], [], '"y"')), 'committed')
  })
})

describe('deleted key material', () => {
  it('is in neither database nor log after the next tick, or as soon as no reader is in the way', async (t) => {
    const { writer, file } = writerOn(t)
    const key = keyRecord()
    const wrapped = 'dGhlIG1hdGVyaWFsIHRoYXQgaGFzIHRvIGJlIGdvbmU='
    const material = { ...materialOf(key), wrapped }
    await writer.commitNow(commitOf([{ kind: 'key added', key, material }, keyAdded(keyRecord())]))
    const holds = (): boolean => [file, `${file}-wal`].some((each) => readFileSync(each).includes(wrapped))
    assert.equal(holds(), true)
    const scan = new DatabaseSync(file, { readOnly: true })
    scan.exec('BEGIN')
    scan.prepare('SELECT count(*) FROM key').get()
    await writer.commitNow(commitOf([{ kind: 'key deleted', place, keyId: key.keyId }]))
    writer.tick()
    assert.equal(holds(), true)
    scan.close()
    writer.tick()
    assert.equal(statSync(`${file}-wal`).size, 0)
    assert.equal(holds(), false)
  })
})

describe('a closed writer', () => {
  it('has stored what waited, and refuses what comes', async (t) => {
    const { writer, records } = writerOn(t)
    const last = writer.commitNow(commitOf([], [], '"last"'))
    writer.close()
    assert.equal(await last, 'committed')
    assert.deepEqual(records(), [installed, '"last"'])
    const message = 'the server is ending: nothing is stored any more'
    await assert.rejects(writer.commitNow(commitOf([], [], '"late"')), { message })
    const failure = await new Promise<Error | undefined>((resolve) => writer.page(pageOf(['{}'], 1), resolve))
    assert.equal(failure?.message, message)
    writer.close()
    assert.deepEqual(records(), [installed, '"last"'])
  })
})

describe('the uses of keys that a page tells of', () => {
  const key = 'arn:aws:kms:us-east-1:111122223333:key/1193abcd-1234-4abc-8def-0123456789ab'
  const notes = new KeyUseNotes()
  notes.add(key, '["Encrypt",1795255440000,"a request","an event"]')
  const used = new Uint8Array(notes.length)
  notes.moveTo(Buffer.from(used.buffer), 0)

  it('are known before the page is answered, and go with the key', async (t) => {
    const { writer, keyUses } = writerOn(t)
    const known = Promise.withResolvers<unknown>()
    writer.page({ ...pageOf([recordAt(1, 7)], 1), used }, () => known.resolve(keyUses.last(key).use?.operation))
    assert.equal(await known.promise, 'Encrypt')
    const keyId = parseKeyId('1193abcd-1234-4abc-8def-0123456789ab')!
    await writer.commitNow(commitOf([keyAdded(keyRecord({ keyId }))]))
    assert.equal(keyUses.last(key).use?.operation, 'Encrypt')
    await writer.commitNow(commitOf([{ kind: 'key deleted', place, keyId }]))
    assert.equal(keyUses.last(key).use, undefined)
  })

  it('are none while it can not be stored', async (t) => {
    const { writer, keyUses, trail } = writerOn(t)
    trail.append = () => {
      throw new Error('the disk is full')
    }
    const failure = Promise.withResolvers<Error | undefined>()
    writer.page({ ...pageOf([recordAt(1, 7)], 1), used }, failure.resolve)
    assert.match(String(await failure.promise), /the disk is full/)
    assert.equal(keyUses.last(key).use, undefined)
  })
})

describe('policy texts', () => {
  const day = 86_400_000
  const kept = (text: string, keptAt: number) => ({ kind: 'policy text kept', hash: text, text, keptAt }) as const

  it('are forgotten once the trail has no record of their time, and the anchor follows', async (t) => {
    const { writer, storage, reader, trail, reports, directory } = writerOn(t)
    const oldest = 1_795_255_440_000
    assert.equal(writer.forgetPolicyTexts(), 'done')
    await writer.commitNow(commitOf([kept('gone', oldest - day - 1), kept('young', oldest - day + 1)], [], '"kept"'))
    writer.drain()
    assert.equal(trail.oldest(), oldest)
    while (writer.forgetPolicyTexts() === 'more');
    assert.equal(reader.policyText('gone'), undefined)
    assert.equal(reader.policyText('young'), 'young')
    const key = new HmacKey('sha256', Buffer.alloc(32, 3))
    writer.close()
    const { state } = openAnchor(join(directory, 'anchor'), key, 'existing')
    assert.equal(state.headDigest, storage.head().digest)
    assert.deepEqual(reports, [])
  })

  it('stay while the trail has no record at all', (t) => {
    const { writer, trail } = writerOn(t)
    assert.equal(trail.oldest(), undefined)
    assert.equal(writer.forgetPolicyTexts(), 'done')
  })
})
