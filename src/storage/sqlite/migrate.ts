/** Brings the schema up to date, and refuses one that this version of Trent did not make. */
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '../storage-error.ts'
import { applicationId, inTransaction } from './connection.ts'
import { migrations } from './migrations/list.ts'
import type { Migration } from './migrations/migration.ts'

/** The version of the schema in `db`: 0 when it has none. */
export function schemaVersion(db: DatabaseSync): number {
  const exists = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'`).get()
  if (exists === undefined) return 0
  const version = db.prepare('SELECT max(version) AS version FROM migration').get()?.['version']
  return typeof version === 'number' ? version : 0
}

/** Throws StorageError when the schema in `file` is newer than this version of Trent knows. */
export function refuseNewer(db: DatabaseSync, file: string, known: number = latestVersion(migrations)): void {
  const found = schemaVersion(db)
  if (found <= known) return
  throw new StorageError(
    'newer',
    `The database ${file} has schema version ${found}; this version of Trent knows schema versions up to ${known}. Nothing was changed. Start the newer version of Trent that made it, or restore a backup from before the upgrade.`,
  )
}

function latestVersion(steps: readonly Migration[]): number {
  return steps.at(-1)?.version ?? 0
}

/**
 * Runs the migrations that `db` lacks, each in a transaction of its own with its entry in the table of migrations: a step
 * is there as a whole or not at all. Throws StorageError for a newer or an altered schema.
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly Migration[] = migrations): void {
  refuseNewer(db, file, latestVersion(steps))
  const version = schemaVersion(db)
  if (version === 0) inTransaction(db, () => createMigrationTable(db))
  for (const step of steps) {
    if (step.version <= version) continue
    inTransaction(db, () => {
      step.up(db)
      db.prepare('INSERT INTO migration (version, name, applied) VALUES (?, ?, unixepoch() * 1000)').run(
        step.version,
        step.name,
      )
    })
  }
  refuseAltered(db, file, steps)
}

function createMigrationTable(db: DatabaseSync): void {
  db.exec(`PRAGMA application_id = ${applicationId}`)
  db.exec(`
    CREATE TABLE IF NOT EXISTS migration (
      version INTEGER NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      applied INTEGER NOT NULL
    ) STRICT`)
}

/**
 * A trigger could drop the audit record of each commit and a dropped index makes a lookup a scan, and no row's MAC would
 * tell: the schema has to be exactly what the migrations make.
 */
function refuseAltered(db: DatabaseSync, file: string, steps: readonly Migration[]): void {
  const fresh = new DatabaseSync(':memory:')
  try {
    createMigrationTable(fresh)
    for (const step of steps) step.up(fresh)
    const expected = schemaObjects(fresh)
    const found = schemaObjects(db)
    const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
      (name) => expected.get(name) !== found.get(name),
    )
    if (differing.length === 0) return
    throw new StorageError(
      'damaged',
      `The schema of the database ${file} was altered by another program (${differing.slice(0, 5).join(', ')}). Restore the database from a backup, or undo the change.`,
    )
  } finally {
    fresh.close()
  }
}

// SQLite's own tables (statistics, sequences, indexes of primary keys) come and go with its own features.
function schemaObjects(db: DatabaseSync): Map<string, string> {
  const rows = db
    .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`)
    .all()
  return new Map(rows.map(({ type, name, sql }) => [`${String(type)} ${String(name)}`, String(sql)]))
}
