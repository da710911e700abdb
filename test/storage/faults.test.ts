import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { createInstallation, readInstallation } from '#storage/sqlite/installation.ts'
import { migrate } from '#storage/sqlite/migrate.ts'
import { migrations } from '#storage/sqlite/migrations/list.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import { statements } from '#storage/sqlite/reader-statements.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { StorageError } from '#storage/storage-error.ts'
import type { StorageFault } from '#storage/storage-error.ts'
import {
  account,
  commitOf,
  installedDatabase,
  keyAdded,
  keyRecord,
  place,
  rootAccessKey,
  temporaryDirectory,
  testKeys,
} from './fixtures.ts'

const keys = testKeys()

function create(file: string): void {
  createInstallation({
    file,
    keys,
    created: 1,
    domainKey: { epoch: 1, wrapped: 'd3JhcHBlZA==' },
    account,
    accessKey: rootAccessKey,
    records: [],
  })
}

function fails(fault: StorageFault, part: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StorageError, String(error))
    assert.equal(error.fault, fault)
    assert.ok(error.message.includes(part), error.message)
    return true
  }
}

function sql(file: string, text: string): void {
  const db = new DatabaseSync(file)
  db.exec(text)
  db.close()
}

/** A directory on a file system of its own, or undefined when that takes rights that we lack. */
function mounted(t: TestContext, options: string): string | undefined {
  let isMounted = false
  const dir = temporaryDirectory(t, (parent) => {
    if (isMounted) execFileSync('umount', ['--lazy', join(parent, 'mount')])
  })
  const mount = join(dir, 'mount')
  mkdirSync(mount)
  isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount]).status === 0
  return isMounted ? mount : undefined
}

describe('creating an installation', () => {
  it('makes a file that only its owner can read, and a database that says what it is', (t) => {
    const file = join(temporaryDirectory(t), 'keys.db')
    assert.equal(readInstallation(file), undefined)
    create(file)
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readInstallation(file), {
      id: 'a-test-installation',
      created: 1,
      schemaVersion: migrations.length,
      domainKeys: [{ epoch: 1, wrapped: 'd3JhcHBlZA==' }],
    })
    const writer = openWriter(file, keys)
    t.after(() => writer.close())
    assert.equal(writer.head().revision, 1)
    if (process.platform !== 'win32') assert.equal(statSync(`${file}-wal`).mode & 0o777, 0o600)
  })

  it('is refused when there is one already', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    assert.throws(() => create(file), fails('exists', 'has an installation already. Nothing was changed.'))
  })

  it('is repeated after a first start that ended before its transaction did', (t) => {
    const file = join(temporaryDirectory(t), 'keys.db')
    writeFileSync(file, '')
    assert.equal(readInstallation(file), undefined)
    const db = new DatabaseSync(file)
    migrate(db, file)
    db.close()
    assert.equal(readInstallation(file), undefined)
    assert.throws(() => openWriter(file, keys), fails('missing', 'its first start was never finished'))
    create(file)
    assert.ok(readInstallation(file))
  })

  it('is repeated after a first start that was killed while it wrote the first page', (t) => {
    const dir = temporaryDirectory(t)
    const unfinished = new DatabaseSync(join(dir, 'unfinished.db'))
    // With so small a cache its pages are in the file before the transaction ends, and the journal beside it.
    unfinished.exec('PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE some (a)')
    unfinished.exec(`INSERT INTO some SELECT randomblob(100000)`)
    const file = join(dir, 'keys.db')
    for (const end of ['', '-journal']) copyFileSync(join(dir, `unfinished.db${end}`), `${file}${end}`)
    unfinished.close()
    assert.ok(statSync(file).size > 0)
    assert.equal(readInstallation(file), undefined)
    assert.equal(existsSync(`${file}-journal`), false)
    create(file)
    assert.ok(readInstallation(file))
  })
})

describe('opening a database', () => {
  it('that is not there says so and makes none', (t) => {
    const file = join(temporaryDirectory(t), 'keys.db')
    assert.throws(() => openWriter(file, keys), fails('missing', `There is no database ${file}`))
    assert.throws(() => openReader(file, keys.stateMac), fails('missing', `There is no database ${file}`))
    assert.equal(existsSync(file), false)
  })

  it('of another installation is refused', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    assert.throws(() => openWriter(file, testKeys('another')), IntegrityError)
  })

  it('with a newer schema is refused, naming both versions, and changes nothing', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    sql(
      file,
      `INSERT INTO migration VALUES (7, 'of the future', 1); CREATE TABLE future (a); PRAGMA journal_mode = DELETE`,
    )
    sql(file, 'PRAGMA journal_mode = WAL')
    const message =
      `has schema version 7; this version of Trent knows schema versions up to ${migrations.length}. ` +
      'Nothing was changed.'
    const before = readFileSync(file)
    assert.throws(() => openWriter(file, keys), fails('newer', message))
    assert.throws(() => openReader(file, keys.stateMac), fails('newer', message))
    assert.throws(() => readInstallation(file), fails('newer', message))
    assert.throws(() => create(file), fails('newer', message))
    assert.deepEqual(readFileSync(file), before)
  })

  it('whose schema somebody altered is refused, naming what differs', (t) => {
    const trigger = 'CREATE TRIGGER quiet AFTER INSERT ON outbox BEGIN DELETE FROM outbox WHERE id = new.id; END'
    for (const [alteration, named] of [
      [trigger, 'trigger quiet'],
      ['DROP INDEX alias_by_target', 'index alias_by_target'],
      ['CREATE VIEW v AS SELECT 1', 'view v'],
    ] as const) {
      const file = installedDatabase(temporaryDirectory(t))
      sql(file, alteration)
      assert.throws(() => openWriter(file, keys), fails('damaged', `altered by another program (${named})`))
    }
    const file = installedDatabase(temporaryDirectory(t))
    sql(file, 'ANALYZE')
    openWriter(file, keys).close()
  })

  it("that is no database, or another program's, is refused and left as it is", async (t) => {
    const file = join(temporaryDirectory(t), 'keys.db')
    for (const garbage of [Buffer.from('garbage '.repeat(2_000)), Buffer.alloc(8_192), Buffer.from('xy')]) {
      writeFileSync(file, garbage)
      const refused = fails('damaged', `${file} could not be opened`)
      assert.throws(() => openWriter(file, keys), refused)
      assert.throws(() => create(file), refused)
      assert.throws(() => openReader(file, keys.stateMac), refused)
      assert.throws(() => readInstallation(file), refused)
      await assert.rejects(verifyAll({ file, keys }), refused)
      assert.deepEqual(readFileSync(file), garbage)
    }
    const foreign = join(temporaryDirectory(t), 'keys.db')
    sql(foreign, 'CREATE TABLE bookmarks (url)')
    const before = readFileSync(foreign)
    for (const work of [() => openWriter(foreign, keys), () => create(foreign), () => readInstallation(foreign)]) {
      assert.throws(work, fails('not ours', 'was not made by this service. It was left as it is'))
    }
    assert.deepEqual(readFileSync(foreign), before)
  })

  it('that was cut off is refused, or found out by what reads it', async (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    const writer = openWriter(file, keys)
    writer.commit(commitOf(Array.from({ length: 500 }, () => keyAdded(keyRecord()))))
    writer.close()
    truncateSync(file, 4096 * 20)
    await assert.rejects(verifyAll({ file, keys }), fails('damaged', 'the file is damaged'))
    assert.throws(
      () => {
        const reader = openReader(file, keys.stateMac)
        t.after(() => reader.close())
        reader.keyIds(place, undefined, 1_000)
      },
      fails('damaged', 'the file is damaged'),
    )
  })

  it('that may only be read is refused for writing, with a message, and is not changed', (t) => {
    const dir = mounted(t, 'size=8m')
    if (dir === undefined) {
      t.skip('needs the right to mount a file system')
      return
    }
    const file = installedDatabase(dir)
    execFileSync('mount', ['-o', 'remount,ro', dir])
    const before = readFileSync(file)
    assert.throws(
      () => openWriter(file, keys),
      fails('read-only', `${file} could not be opened for writing: it may only be read`),
    )
    assert.throws(() => create(join(dir, 'new.db')), fails('read-only', 'could not be created (EROFS)'))
    assert.deepEqual(readFileSync(file), before)
  })

  it('in a directory of another user is refused with a message', (t) => {
    const dir = temporaryDirectory(t, (made) => chmodSync(made, 0o755))
    const file = installedDatabase(dir)
    chmodSync(dir, 0o555)
    chmodSync(file, 0o444)
    const script = `
      import { openWriter } from '#storage/sqlite/writer.ts'
      import { testKeys } from './test/storage/fixtures.ts'
      try { openWriter(${JSON.stringify(file)}, testKeys()) } catch (error) { console.log(error.name, error.fault) }`
    const isRoot = process.getuid?.() === 0
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: join(import.meta.dirname, '..', '..'),
      encoding: 'utf8',
      // Modes don't hold the superuser back: nobody is to try.
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    })
    if (isRoot && status !== 0) {
      t.skip('the user nobody can not run node here')
      return
    }
    assert.equal(stdout, 'StorageError read-only\n')
  })
})

describe('a full disk', () => {
  it('fails the commit with a message, stores nothing of it, and lets the next one through when there is room', async (t) => {
    const dir = mounted(t, 'size=2m')
    if (dir === undefined) {
      t.skip('needs the right to mount a file system')
      return
    }
    const file = installedDatabase(dir)
    const writer = openWriter(file, keys)
    t.after(() => writer.close())
    writeFileSync(join(dir, 'ballast'), Buffer.alloc(700_000))
    const stored: string[] = []
    let failure: unknown
    for (let round = 0; round < 500 && failure === undefined; round++) {
      const key = keyRecord({ description: 'x'.repeat(8_000) })
      try {
        writer.commit(commitOf([keyAdded(key)]))
        stored.push(key.keyId)
      } catch (error) {
        failure = error
      }
    }
    fails('full', 'the disk is full. Nothing was stored; free space')(failure)
    const { revision } = writer.head()
    assert.equal(revision, 1 + stored.length)
    truncateSync(join(dir, 'ballast'), 0)
    const last = keyRecord()
    assert.equal(writer.commit(commitOf([keyAdded(last)])), 'committed')
    assert.equal(writer.head().revision, revision + 1)
    const reader = openReader(file, keys.stateMac)
    t.after(() => reader.close())
    assert.deepEqual([...reader.keyIds(place, undefined, 1_000)], [...stored, last.keyId].sort())
    assert.deepEqual((await verifyAll({ file, keys })).findings, [])
  })
})

describe('migrations', () => {
  const known = migrations.map(({ version, name }) => ({ version, name }))
  const next = {
    version: migrations.length + 1,
    name: 'next',
    up: (db: DatabaseSync) => db.exec('CREATE TABLE next (a)'),
  }

  it('run in order, once, and are recorded', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    const db = new DatabaseSync(file)
    t.after(() => db.close())
    migrate(db, file, [...migrations, next])
    migrate(db, file, [...migrations, next])
    const rows = db.prepare('SELECT version, name FROM migration ORDER BY version').all()
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [...known, { version: next.version, name: 'next' }],
    )
  })

  it('leave nothing behind when one fails', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    const db = new DatabaseSync(file)
    t.after(() => db.close())
    const broken = {
      ...next,
      up: (connection: DatabaseSync) => connection.exec('CREATE TABLE next (a); CREATE TABLE next (a)'),
    }
    assert.throws(() => migrate(db, file, [...migrations, broken]))
    migrate(db, file, [...migrations, next])
  })

  it('bring a database of the first schema up to date, and leave its rows as they were', async (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    const key = keyRecord()
    const writer = openWriter(file, keys)
    assert.equal(writer.commit(commitOf([keyAdded(key)])), 'committed')
    writer.close()
    sql(
      file,
      'DROP INDEX key_by_next_expiry; DROP INDEX key_material_by_rotation; DELETE FROM migration WHERE version > 1',
    )
    openWriter(file, keys).close()
    const reader = openReader(file, keys.stateMac)
    t.after(() => reader.close())
    assert.equal(reader.key(place, key.keyId)?.keyId, key.keyId)
    assert.deepEqual(reader.keysWithExpiredMaterial(Number.MAX_SAFE_INTEGER, 10, undefined, assert.ifError), [])
    const [material] = reader.materialsByRotation(place, key.keyId, 'nothing', 10)
    assert.equal(material?.materialId, key.currentMaterialId)
    assert.deepEqual((await verifyAll({ file, keys })).findings, [])
  })

  it('leave an index by which a page of key materials is found, in its order', (t) => {
    const file = installedDatabase(temporaryDirectory(t))
    const asked: string[] = []
    const db = new DatabaseSync(file)
    t.after(() => db.close())
    const prepare = db.prepare.bind(db)
    statements(
      Object.assign(db, {
        prepare: (text: string) => {
          asked.push(text)
          return prepare(text)
        },
      }),
    )
    const pages = asked.filter((text) => text.includes("'$.rotated.date'"))
    assert.equal(pages.length, 1)
    const plan = prepare(`EXPLAIN QUERY PLAN ${pages[0] ?? ''}`).all('a', 'b', 'c', 1, 1, 'd', 10)
    assert.deepEqual(
      plan.map(({ detail }) => detail),
      ['SEARCH key_material USING INDEX key_material_by_rotation (region=? AND account=? AND key_id=? AND <expr>>?)'],
    )
  })
})
