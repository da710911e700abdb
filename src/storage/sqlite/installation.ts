/** What a database says of itself before any key is there, and how it comes to be. */
import { existsSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import type { WrappedDomainKey } from '#crypto/key-hierarchy.ts'
import type { Change } from '#records/change.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import { StorageError } from '../storage-error.ts'
import type { IntegrityKeys } from '../stored-row.ts'
import { Tally } from '../tally.ts'
import { ChangeWriter } from './change-writer.ts'
import { inTransaction, openForReading, openForWriting } from './connection.ts'
import { guarded } from './failures.ts'
import { writeHead } from './head.ts'
import { migrate, refuseNewer, schemaVersion } from './migrate.ts'
import { Outbox } from './outbox.ts'
import { PolicyTexts } from './policy-texts.ts'

export interface Installation {
  readonly id: string
  /** Epoch milliseconds. */
  readonly created: number
  readonly schemaVersion: number
  /** By epoch, ascending; wrapped under the root key, which also vouches for them. */
  readonly domainKeys: readonly WrappedDomainKey[]
}

/**
 * The installation in `file`, or undefined when none was created yet: there is no file, or a first start ended before its
 * one transaction did. Needs no key. Throws StorageError.
 */
export function readInstallation(file: string): Installation | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined
  const db = openForReading(file)
  try {
    return guarded(file, 'read', () => {
      refuseNewer(db, file)
      return installationIn(db)
    })
  } finally {
    db.close()
  }
}

/** The same on an open connection. */
export function installationIn(db: DatabaseSync): Installation | undefined {
  const version = schemaVersion(db)
  if (version === 0) return undefined
  const row = db.prepare('SELECT id, created FROM installation').get()
  if (row === undefined) return undefined
  const { id, created } = row
  if (typeof id !== 'string' || typeof created !== 'number') throw malformed('installation')
  return { id, created, schemaVersion: version, domainKeys: domainKeysIn(db) }
}

/** The wrapped domain keys, by epoch ascending. */
export function domainKeysIn(db: DatabaseSync): readonly WrappedDomainKey[] {
  return db
    .prepare('SELECT epoch, wrapped FROM domain_key ORDER BY epoch')
    .all()
    .map(({ epoch, wrapped }) => {
      if (typeof epoch !== 'number' || typeof wrapped !== 'string') throw malformed('domain_key')
      return { epoch, wrapped }
    })
}

/** Adds a domain key. Throws when its epoch has one already. */
export function insertDomainKey(db: DatabaseSync, { epoch, wrapped }: WrappedDomainKey, created: number): void {
  db.prepare('INSERT INTO domain_key (epoch, created, wrapped) VALUES (?, ?, ?)').run(epoch, created, wrapped)
}

export interface NewInstallation {
  readonly file: string
  readonly keys: IntegrityKeys
  /** Epoch milliseconds. */
  readonly created: number
  readonly domainKey: WrappedDomainKey
  readonly account: AccountRecord
  readonly accessKey: AccessKeyRecord
  /** Audit records (JSON text) of the creation. */
  readonly records: readonly string[]
}

/**
 * Creates the database file, if need be, and the installation in it, in one transaction: a first start that ends early
 * leaves none. The caller holds the directory's lock. Throws StorageError `exists` when there is an installation.
 */
export function createInstallation(installation: NewInstallation): void {
  const { file, keys, created, domainKey, account, accessKey, records } = installation
  const db = openForWriting(file, true)
  try {
    guarded(file, 'created', () => {
      migrate(db, file)
      inTransaction(db, () => {
        if (installationIn(db) !== undefined) {
          throw new StorageError('exists', `The database ${file} has an installation already. Nothing was changed.`)
        }
        db.prepare('INSERT INTO installation (id, created) VALUES (?, ?)').run(keys.installationId, created)
        insertDomainKey(db, domainKey, created)
        const tally = new Tally({ revision: 1, lastOutboxId: 0, tables: new Map() })
        const writer = new ChangeWriter(db, keys.stateMac, new PolicyTexts(db, keys.stateMac))
        const changes: readonly Change[] = [
          { kind: 'account added', account },
          { kind: 'access key added', accessKey },
        ]
        if (!writer.apply(tally, changes)) {
          throw new StorageError('failed', `The first account could not be added to the database ${file}.`)
        }
        const outbox = new Outbox(db, keys.stateMac)
        for (const record of records) outbox.add(tally.nextOutboxId(), record)
        writeHead(db, keys, tally.head())
      })
    })
  } finally {
    db.close()
  }
}

function malformed(table: string): IntegrityError {
  return new IntegrityError(`A row of table ${table} has columns of other types than its schema says.`)
}
