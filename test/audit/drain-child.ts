/** Moves an outbox into the trail until it is killed: the process that drain-crash.test.ts kills. Arguments: directory, seed. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HmacKey } from '#crypto/hmac.ts'
import { Trail } from '#audit/trail.ts'
import { pageOf, recordAt, seeded } from './records.ts'

const directory = process.argv[2] ?? ''
const random = seeded(Number(process.argv[3]))
const clock = { now: () => Date.now(), machineNow: () => Date.now() }
const outbox = new DatabaseSync(join(directory, 'outbox.db'))
outbox.exec('PRAGMA journal_mode = WAL')
const trail = new Trail({
  path: join(directory, 'trail.db'),
  chainKey: new HmacKey('sha256', Buffer.alloc(32, 7)),
  clock,
  maxRowBytes: 2000,
})
const waiting = outbox.prepare('SELECT id, record FROM outbox WHERE id > ? ORDER BY id LIMIT ?')
const remove = outbox.prepare('DELETE FROM outbox WHERE id <= ?')
// Sometimes entries are handed over a second time.
const again = (): number => (random() < 0.2 ? 5 : 0)
console.log('ready')
for (;;) {
  const entries = waiting
    .all(trail.lastOutboxId - again(), 6 + Math.floor(random() * 30))
    .map((row) => ({ id: Number(row['id']), record: String(row['record']) }))
  const last = entries.at(-1)
  if (last === undefined || last.id === trail.lastOutboxId) break
  trail.appendFromOutbox(entries)
  // Requests that change nothing come in between.
  if (random() < 0.2) trail.append([pageOf([recordAt(1, 0)], 1)])
  // The outbox may forget it later: the trail knows what it has.
  if (random() < 0.5) remove.run(last.id)
}
trail.close()
console.log('drained')
