import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isObject } from '#audit/json-object.ts'
import { Trail } from '#audit/trail.ts'
import { loadDirectorySettings } from '#config/load-settings.ts'
import { controlCommands } from '#control/commands.ts'
import type { ControlDependencies } from '#control/commands.ts'
import { readOffline, sealStatusOffline } from '#control/offline.ts'
import type { ReadingName } from '#control/reading-names.ts'
import { usEast1 } from '#base/brand.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import { allocateClockOffset, systemClock, systemRandom } from '../../src/system.ts'
import { openAnchor } from '#storage/anchor.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { pageOf, recordAt, serialOf, uuidAt } from '../audit/records.ts'
import { answerOf, controlServer, installedDirectory, requestId } from './fixtures.ts'
import type { Installed } from './fixtures.ts'

interface Served extends Installed {
  readonly drained: () => number
}

/** A directory with a server that has the commands and nothing else. */
async function served(t: TestContext, changes: Partial<ControlDependencies> = {}): Promise<Served> {
  const installed = await installedDirectory(t)
  const { dir, hierarchy, trailPath, database } = installed
  let drained = 0
  const reader = openReader(database, hierarchy.stateMac)
  t.after(() => reader.close())
  const commands = controlCommands({
    dataDir: dir,
    trailPath,
    database,
    hierarchy,
    seal: { type: 'key-file', generation: 1, installationId: hierarchy.installationId },
    keyFile: join(dir, 'seal.key'),
    drain: () => void (drained += 1),
    anchored: () => undefined,
    accounts: {
      reader,
      hierarchy,
      random: systemRandom(),
      clock: systemClock(allocateClockOffset()),
      dataDir: dir,
      home: usEast1,
      commit: () => Promise.reject(new Error('nothing is written in these tests')),
    },
    advanceClock: undefined,
    faults: undefined,
    applySeed: undefined,
    ...changes,
  })
  await controlServer(t, dir, commands)
  return { ...installed, drained: () => drained }
}

async function offline(dir: string, name: ReadingName, args: unknown): Promise<readonly unknown[]> {
  const items: unknown[] = []
  const push = (item: unknown): Promise<void> => {
    items.push(item)
    return Promise.resolve()
  }
  const output = { item: push, text: push, signal: new AbortController().signal }
  await readOffline(name, args, output, await loadDirectorySettings({ 'data-dir': dir }, {}))
  return items
}

const tail = (more: object = {}): object => ({ limit: 10, follow: false, ...more })
const serials = (items: readonly unknown[]): readonly number[] =>
  items.map((item) => (isObject(item) && typeof item['record'] === 'string' ? serialOf(item['record']) : -1))

test('tail shows the newest records, also filtered, after everything acknowledged was moved to the trail', async (t) => {
  const { dir, drained } = await served(t)
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail())), [1, 2, 3, 4, 5])
  assert.equal(drained(), 1)
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ limit: 2 }))), [4, 5])
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ eventName: 'Encrypt' }))), [2, 4])
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ errorCode: 'AccessDenied' }))), [3])
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ key: '4' }))), [4])
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ since: '2026-11-21' }))), [1, 2, 3, 4, 5])
  assert.deepEqual(serials(await answerOf(dir, 'audit tail', tail({ until: '2026-11-21T10:03:59Z' }))), [])
})

test('tail refuses arguments that are none', async (t) => {
  const { dir } = await served(t)
  const table: readonly [unknown, string][] = [
    [null, 'the arguments of the command are missing'],
    [{}, 'the number of records must be from 0 to 100000'],
    [tail({ limit: 1.5 }), 'the number of records must be from 0 to 100000'],
    [tail({ eventName: 7 }), 'the argument eventName must be text'],
    [tail({ since: 'yesterday' }), '"yesterday" is not a time; write it such as 2026-11-21T10:04:00Z or 2026-11-21'],
    [tail({ until: '2026-13-01' }), '"2026-13-01" is not a time; write it such as 2026-11-21T10:04:00Z or 2026-11-21'],
  ]
  for (const [args, message] of table) await assert.rejects(answerOf(dir, 'audit tail', args), { message, exit: 64 })
})

test('a tail that follows shows records as they come', async (t) => {
  const { dir, hierarchy, trailPath } = await served(t)
  const socket = connect(join(dir, 'control.sock'))
  t.after(() => socket.destroy())
  socket.write(`${JSON.stringify({ command: 'audit tail', arguments: tail({ limit: 1, follow: true }) })}\n`)
  assert.match(String((await once(socket, 'data'))[0]), /^\{"item":\{"sequenceNumber":5,/)
  const clock = systemClock(allocateClockOffset())
  const trail = new Trail({ path: trailPath, chainKey: hierarchy.auditChain, clock })
  trail.append([pageOf([recordAt(1, 6)], 1)])
  trail.close()
  assert.match(String((await once(socket, 'data'))[0]), /^\{"item":\{"sequenceNumber":6,/)
})

test('show finds the records of a request', async (t) => {
  const { dir } = await served(t)
  assert.deepEqual(serials(await answerOf(dir, 'audit show', { requestId })), [3])
  assert.deepEqual(serials(await offline(dir, 'audit show', { requestId })), [3])
  const unknown = '00000000-0000-7000-8000-000000000000'
  await assert.rejects(answerOf(dir, 'audit show', { requestId: unknown }), {
    message: `the audit trail has no record of the request ${unknown}`,
    exit: 1,
  })
})

const intact = { ok: true, records: 5, pages: 5, removedUpTo: 0, lastRecord: 5 }

test('verify says that the trail is intact, or where it is not; with and without a server', async (t) => {
  const { dir, trailPath } = await served(t)
  const verdicts = async (): Promise<readonly unknown[]> => [
    ...(await answerOf(dir, 'audit verify')),
    ...(await offline(dir, 'audit verify', {})),
  ]
  const [online, without] = await verdicts()
  assert.partialDeepStrictEqual(online, { ...intact, anchor: 'none given' })
  assert.partialDeepStrictEqual(without, { ...intact, anchor: 'matches' })

  const db = new DatabaseSync(trailPath)
  const cut = db.prepare('DELETE FROM page WHERE first_seq = 5')
  cut.run()
  db.close()
  const [unanchored, anchored] = await verdicts()
  assert.partialDeepStrictEqual(unanchored, { ok: true, records: 4 })
  assert.deepEqual(anchored, {
    ok: false,
    record: 5,
    problem: 'the trail ends at record 4; record 5 were removed from its end',
  })
})

test('storage verify reads every row; with and without a server', async (t) => {
  const { dir, database } = await served(t)
  const verify = async (): Promise<readonly unknown[]> => [
    ...(await answerOf(dir, 'storage verify')),
    ...(await offline(dir, 'storage verify', {})),
  ]
  for (const verification of await verify()) assert.partialDeepStrictEqual(verification, { rows: 2, findings: [] })
  const db = new DatabaseSync(database)
  db.exec("UPDATE access_key SET content = replace(content, 'Active', 'Inactive')")
  db.close()
  for (const verification of await verify()) {
    assert.ok(isObject(verification) && Array.isArray(verification['findings']))
    assert.partialDeepStrictEqual(verification['findings'][0], { kind: 'row', table: 'access_key' })
  }
})

test('storage verify finds a database that is older than its anchor; with and without a server', async (t) => {
  const remembered: { anchored?: AnchorState } = {}
  const { dir, hierarchy, database } = await served(t, { anchored: () => remembered.anchored })
  const writer = openWriter(database, hierarchy)
  const { revision, digest } = writer.head()
  writer.close()
  const anchor = openAnchor(join(dir, 'anchor'), hierarchy.stateMac, 'existing')
  const { state } = anchor
  assert.deepEqual([state.revision, state.headDigest], [revision, digest])
  remembered.anchored = { ...state, revision: revision + 1 }
  anchor.write(remembered.anchored)
  anchor.close()
  const verifications = [...(await answerOf(dir, 'storage verify')), ...(await offline(dir, 'storage verify', {}))]
  assert.equal(verifications.length, 2)
  for (const verification of verifications) {
    assert.ok(isObject(verification) && Array.isArray(verification['findings']))
    const findings: readonly unknown[] = verification['findings']
    const [finding] = findings
    assert.ok(isObject(finding))
    assert.equal(finding['kind'], 'anchor')
    assert.match(String(finding['problem']), /^The database is older than its anchor: it was rolled back/)
  }
})

test('records that a killed server had no time to move to the trail are shown, marked, and checked', async (t) => {
  const { dir, hierarchy, database } = await installedDirectory(t)
  const id = uuidAt(1_700_000_000_000, 8)
  const record = recordAt(1_700_000_000_000, 8, { eventName: 'CreateKey' })
  const writer = openWriter(database, hierarchy)
  for (const text of [recordAt(1, 7), record]) writer.commit({ changes: [], expectations: [], record: text })
  writer.close()
  const shown = await offline(dir, 'audit tail', tail({ limit: 3 }))
  assert.deepEqual(serials(shown), [5, 7, 8])
  assert.deepEqual(shown.at(-1), { waiting: 2, record })
  assert.deepEqual(serials(await offline(dir, 'audit tail', tail({ eventName: 'CreateKey' }))), [8])
  assert.deepEqual(await offline(dir, 'audit show', { requestId: id }), [{ waiting: 2, record }])
  const verify = async (): Promise<unknown> => (await offline(dir, 'audit verify', {}))[0]
  assert.partialDeepStrictEqual(await verify(), { ok: true, records: 5, waiting: 2 })

  const change = (sql: string): void => {
    const db = new DatabaseSync(database)
    db.exec(sql)
    db.close()
  }
  change('UPDATE outbox SET id = 3 WHERE id = 2')
  assert.deepEqual(await verify(), {
    ok: false,
    record: 6,
    problem:
      'The audit record 3 of a change, which waits in the outbox, is not what was written: it was changed or added by another program, or damaged.',
  })
  change('DELETE FROM outbox')
  assert.deepEqual(await verify(), {
    ok: false,
    record: 6,
    problem:
      'The audit records 1 to 2 of changes are neither in the outbox nor in the audit trail: removed by another program.',
  })
})

test('the status of the seal has nothing secret; with and without a server', async (t) => {
  const { dir, hierarchy } = await served(t)
  const status = {
    type: 'key-file',
    generation: 1,
    installationId: hierarchy.installationId,
    keyFile: { path: join(dir, 'seal.key'), present: true, sameDisk: true },
  }
  assert.deepEqual(await answerOf(dir, 'seal status'), [status])
  const items: unknown[] = []
  const item = (each: unknown): Promise<void> => {
    items.push(each)
    return Promise.resolve()
  }
  const output = { item, text: item, signal: new AbortController().signal }
  await sealStatusOffline(output, await loadDirectorySettings({ 'data-dir': dir }, {}))
  assert.deepEqual(items, [status])
})

test('the clock is advanced only where there is a settable one, and only forward', async (t) => {
  const real = await served(t)
  await assert.rejects(answerOf(real.dir, 'clock advance', { milliseconds: 1000 }), {
    message:
      'the clock of this server is the real one and stays so; only a server that was started with --test-profile has one that can be advanced',
    exit: 64,
  })
  const settable = await served(t, {
    advanceClock: (milliseconds) => Promise.resolve({ now: `+${milliseconds}`, jobs: ['deleted 1 key'] }),
  })
  assert.deepEqual(await answerOf(settable.dir, 'clock advance', { milliseconds: 1000 }), [
    { now: '+1000', jobs: ['deleted 1 key'] },
  ])
  for (const milliseconds of [0, -1, 0.5, '1']) {
    await assert.rejects(answerOf(settable.dir, 'clock advance', { milliseconds }), {
      message: 'the clock can only be moved forward, by a whole number of milliseconds',
    })
  }
})
