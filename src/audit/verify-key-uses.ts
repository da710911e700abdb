import { setImmediate as turn } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import { accumulate, macLength } from '#crypto/row-mac.ts'
import { openKeyUseState, type KeyUseKeys } from './key-use-state.ts'
import { elementOf, isAuthentic, keyUseRowOf } from './key-use-table.ts'

const rowsPerTurn = 10_000

/**
 * Reads every stored last use in the trail at `path`, in one snapshot, and answers what is not what was written: rows that
 * were edited, and rows that were removed, added or set back, which only the sum over all shows. Undefined: all are.
 */
export async function verifyKeyUses(path: string, keys: KeyUseKeys): Promise<string | undefined> {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    // A trail of an earlier version has no such table.
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'key_use'").get() === undefined) return undefined
    db.exec('BEGIN')
    const sealed = db.prepare('SELECT sealed FROM key_use_state WHERE id = 1').get()?.['sealed']
    const xor = Buffer.alloc(macLength)
    let count = 0
    for (const columns of db.prepare('SELECT key, content, rev, mac FROM key_use').iterate()) {
      const row = keyUseRowOf(columns)
      if (!isAuthentic(keys, row)) return `the stored last use of the key ${row.key} was changed`
      accumulate(xor, elementOf(keys, row))
      count += 1
      if (count % rowsPerTurn === 0) await turn()
    }
    if (sealed === undefined && count === 0) return undefined
    const { sum } = openKeyUseState(keys, sealed)
    if (sum.count === count && sum.xor.equals(xor)) return undefined
    return `stored last uses of keys were removed, added or set back: there are ${count}, and were ${sum.count}`
  } catch (error) {
    if (error instanceof IntegrityError) return error.message
    throw error
  } finally {
    db.close()
  }
}
