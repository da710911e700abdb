/** What keeps a server from starting is said in words and by the exit code, and harms nothing. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { copyDirectory, fill, requireKeys, requireWhole, withDatabase, type Filled } from './filled.ts'
import {
  command,
  failedStart,
  killAll,
  launch,
  makeDirectory,
  readAccessKey,
  region,
  removeDirectory,
  type Launch,
} from './program.ts'
import { KmsWire } from './wire.ts'

const isRoot = process.getuid?.() === 0

describe('a start that is refused', () => {
  let base: string
  let original: string
  let filled: Filled
  let count = 0

  before(async () => {
    base = makeDirectory()
    original = join(base, 'original')
    filled = await fill({ directory: original })
  })
  after(async () => {
    await killAll()
    removeDirectory(base)
  })

  /** A copy of the installation for one test. */
  function copy(): string {
    const directory = join(base, `copy-${(count += 1)}`)
    copyDirectory(original, directory)
    return directory
  }

  /** The start fails with `code` and `message`; after the repair, everything is there. */
  async function refusedUntil(options: Launch, code: number, message: RegExp, repair: () => void): Promise<void> {
    const end = await failedStart(options)
    assert.equal(end.code, code, end.stderr)
    assert.match(end.stderr, message)
    assert.doesNotMatch(end.stderr, /unexpected error|^\s+at /m)
    assert.doesNotMatch(end.stdout, /ready/)
    repair()
    await requireWhole(options, filled)
  }

  it('names the process that has the directory, which goes on serving', async () => {
    const directory = copy()
    const first = launch({ directory })
    const url = await first.ready
    const second = await failedStart({ directory })
    assert.equal(second.code, 75)
    assert.match(second.stderr, new RegExp(`is in use by another process \\(pid ${first.pid}\\)`))
    const client = new KmsWire(url, readAccessKey(directory), region)
    await requireKeys(client, filled)
    client.close()
    assert.equal((await first.end('SIGTERM')).code, 0)
    await requireWhole({ directory }, filled)
  })

  it('refuses a wrong passphrase', async () => {
    const directory = join(base, 'passphrase')
    const args = ['--seal', 'passphrase']
    const right = { directory, args, env: { TRENT_SEAL_PASSPHRASE: 'correct horse battery staple' } }
    const own = await fill(right)
    const wrong = await failedStart({ directory, args, env: { TRENT_SEAL_PASSPHRASE: 'correct horse battery stable' } })
    assert.equal(wrong.code, 66)
    assert.match(wrong.stderr, /passphrase/)
    assert.doesNotMatch(wrong.stderr, /stable|staple/)
    await requireWhole(right, own)
  })

  it('refuses a key file that may not be read', async () => {
    const directory = copy()
    const keyFile = join(directory, 'seal.key')
    chmodSync(keyFile, isRoot ? 0o400 : 0o000)
    // Root may read everything: there the program runs as somebody else, whose the directory is.
    const uid = isRoot ? 65_534 : undefined
    if (uid !== undefined) {
      chmodSync(base, 0o711)
      for (const name of ['', ...readdirSync(directory)]) {
        if (name !== 'seal.key') chownSync(join(directory, name), uid, uid)
      }
    }
    const options = { directory, ...(uid === undefined ? {} : { uid }) }
    await refusedUntil(options, 66, /cannot read the key file .*seal\.key: permission denied/, () => {
      if (uid === undefined) chmodSync(keyFile, 0o400)
      else chownSync(keyFile, uid, uid)
    })
  })

  it('refuses a key file that others may read, that is damaged, that is another one, or that is gone', async () => {
    const directory = copy()
    const keyFile = join(directory, 'seal.key')
    const kept = join(base, 'kept.key')
    copyFileSync(keyFile, kept)
    const put = (text: string): void => {
      chmodSync(keyFile, 0o600)
      writeFileSync(keyFile, text)
    }
    chmodSync(keyFile, 0o644)
    assert.match((await failedStart({ directory })).stderr, /open to other users \(mode 0644\); run: chmod 0400/)
    put('abc\n')
    assert.match((await failedStart({ directory })).stderr, /wrong size, 4 bytes/)
    put(`${'00'.repeat(32)}\n`)
    const other = await failedStart({ directory })
    assert.equal(other.code, 66)
    assert.match(other.stderr, /key file/)
    renameSync(keyFile, `${keyFile}.gone`)
    await refusedUntil({ directory }, 66, /there is no such file/, () => {
      copyFileSync(kept, keyFile)
      chmodSync(keyFile, 0o400)
    })
  })

  it('refuses a database of a newer version and leaves it alone', async () => {
    const directory = copy()
    withDatabase(directory, (db) => db.exec("INSERT INTO migration VALUES (99, 'from the future', 0)"))
    await refusedUntil({ directory }, 65, /has schema version 99; this version of Trent knows .* up to \d+/, () => {
      withDatabase(directory, (db) => db.exec('DELETE FROM migration WHERE version = 99'))
    })
  })

  it('refuses a database that was set back, and one whose anchor is gone', async () => {
    const directory = copy()
    const now = join(base, 'now.db')
    // The original is older: this copy goes on.
    await requireWhole({ directory }, filled)
    renameSync(join(directory, 'keys.db'), now)
    copyFileSync(join(original, 'keys.db'), join(directory, 'keys.db'))
    await refusedUntil({ directory }, 65, /older than its anchor: it was rolled back/, () => {
      for (const name of ['keys.db-wal', 'keys.db-shm']) removeDirectory(join(directory, name))
      copyFileSync(now, join(directory, 'keys.db'))
    })
    const anchor = join(directory, 'anchor')
    renameSync(anchor, `${anchor}.away`)
    await refusedUntil({ directory }, 65, /The anchor .* is missing/, () => renameSync(`${anchor}.away`, anchor))
  })

  it('creates nothing in the place of an installation whose database is gone', async () => {
    const directory = copy()
    const away = join(base, 'away.db')
    renameSync(join(directory, 'keys.db'), away)
    const contents = (): readonly (readonly [string, string])[] =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        // The lock is everybody's, the cache nobody's.
        .filter((entry) => entry.isFile() && !/^(?:lock|lock\.pid|.*\/cache.*)$/.test(entry.name))
        .filter(({ parentPath }) => !parentPath.startsWith(join(directory, 'cache')))
        .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'base64')] as const)
        .sort(([left], [right]) => (left < right ? -1 : 1))
    const before = contents()
    assert.ok(before.length > 5)
    const removed: string[] = []
    // Whatever else is gone with it: what remains shows that there was an installation.
    for (const also of [undefined, 'trail.db', 'anchor', 'seal.json']) {
      if (also !== undefined) {
        renameSync(join(directory, also), join(base, `away-${also}`))
        removed.push(also)
      }
      const left = before.filter(([name]) => !removed.includes(name))
      const end = await failedStart({ directory })
      assert.equal(end.code, 65, end.stderr)
      assert.match(end.stderr, also === 'trail.db' ? /there is no database/ : /The database .*keys\.db is missing, but/)
      assert.deepEqual(contents(), left)
    }
    for (const name of removed) renameSync(join(base, `away-${name}`), join(directory, name))
    renameSync(away, join(directory, 'keys.db'))
    await requireWhole({ directory }, filled)
  })

  it('is repeated when a first start was killed, wherever that was', async () => {
    for (const milliseconds of [150, 220, 290, 360, 430, 500]) {
      const directory = join(base, `killed-${milliseconds}`)
      const first = launch({ directory })
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
      await first.end('SIGKILL')
      await fill({ directory })
    }
  })

  it('finishes a trail whose making was killed, which is said to whoever reads it before', async () => {
    const directory = join(base, 'unfinished-trail')
    const first = launch({ directory })
    await first.ready
    await first.end('SIGTERM')
    const unfinished = new DatabaseSync(join(base, 'unfinished.db'))
    // With so small a cache its pages are in the file before the transaction ends, and the journal beside it.
    unfinished.exec('PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE some (a)')
    unfinished.exec('INSERT INTO some SELECT randomblob(100000)')
    const trail = join(directory, 'trail.db')
    for (const end of ['', '-journal']) copyFileSync(join(base, `unfinished.db${end}`), `${trail}${end}`)
    unfinished.close()
    const states: readonly (() => void)[] = [
      () => undefined,
      () => {
        // Later: it has its log, and no tables yet.
        for (const end of ['', '-journal']) rmSync(`${trail}${end}`)
        const db = new DatabaseSync(trail)
        db.exec('PRAGMA journal_mode = WAL')
        db.close()
      },
      () => writeFileSync(trail, ''),
    ]
    for (const [index, name] of ['tail', 'verify', 'tail'].entries()) {
      states[index]?.()
      const { code, err } = command('audit', name, '--data-dir', directory)
      assert.equal(code, 65)
      assert.match(
        err,
        /^trent: the first start that began the audit trail .*trail\.db was never finished; start the service/,
      )
    }
    await fill({ directory })
    assert.equal(command('audit', 'verify', '--data-dir', directory).code, 0)
  })

  it('ends soon after the start when the rows of one table were set back', async () => {
    const directory = copy()
    const client = await changed(directory)
    client()
    const newer = join(base, 'newer.db')
    copyFileSync(join(directory, 'keys.db'), newer)
    withDatabase(directory, (db) => {
      db.exec(`ATTACH '${join(original, 'keys.db')}' AS older`)
      db.exec('PRAGMA foreign_keys = OFF')
      db.exec('DELETE FROM key; INSERT INTO key SELECT * FROM older.key')
    })
    const server = launch({ directory })
    assert.equal((await server.ended).code, 65)
    assert.match(server.stderr(), /rows were deleted, added or set back by another program/)
    const found = command('storage', 'verify', '--data-dir', directory)
    assert.equal(found.code, 65, found.err)
    assert.match(found.out, /key: rows were put back to an earlier state/)
    copyFileSync(newer, join(directory, 'keys.db'))
    await requireWhole({ directory }, filled)
  })

  /** Changes a key of the copy, so that it differs from the original. */
  async function changed(directory: string): Promise<() => void> {
    const server = launch({ directory })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    await client.call('UpdateKeyDescription', { KeyId: filled.keys[0], Description: 'later' })
    assert.equal((await server.end('SIGTERM')).code, 0)
    return () => client.close()
  }

  it('says which row was edited, refuses that key only, and has it back after the repair', async () => {
    const directory = copy()
    const edited = filled.keys[1] ?? ''
    const before = withDatabase(directory, (db) => db.prepare('SELECT content FROM key WHERE key_id = ?').get(edited))
    withDatabase(directory, (db) =>
      db.prepare(`UPDATE key SET content = replace(content, 'number 1', 'number 7') WHERE key_id = ?`).run(edited),
    )
    const server = launch({ directory })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    const answer = await client.send('DescribeKey', { KeyId: edited })
    assert.equal(answer.status, 500)
    assert.match(answer.body.toString('utf8'), /^\{"__type":"KMSInternalException"/)
    assert.equal(await client.code('Decrypt', { CiphertextBlob: filled.blobs[1] }), 'KMSInternalException')
    assert.equal(await client.code('Decrypt', { CiphertextBlob: filled.blobs[0] }), 'success')
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
    assert.match(server.stderr(), new RegExp(`${edited} of table key is not what was written`))
    const found = command('storage', 'verify', '--data-dir', directory)
    assert.equal(found.code, 65)
    assert.match(found.out, new RegExp(`key .*${edited}: changed by another program`))
    withDatabase(directory, (db) =>
      db.prepare('UPDATE key SET content = ? WHERE key_id = ?').run(String(before?.['content']), edited),
    )
    await requireWhole({ directory }, filled)
  })

  it(
    'refuses a file system that may only be read',
    { skip: canMount() ? false : 'needs the right to mount: run as root' },
    async () => {
      const directory = copy()
      const mounted = join(base, 'mounted')
      mkdirSync(mounted)
      const run = (...args: readonly string[]): void => {
        const { status, stderr } = spawnSync(args[0] ?? '', args.slice(1), { encoding: 'utf8' })
        assert.equal(status, 0, stderr)
      }
      run('mount', '--bind', directory, mounted)
      try {
        run('mount', '-o', 'remount,bind,ro', mounted)
        const end = await failedStart({ directory: mounted })
        assert.equal(end.code, 73, end.stderr)
        assert.match(end.stderr, /must be able to write to it/)
      } finally {
        run('umount', mounted)
      }
      await requireWhole({ directory }, filled)
    },
  )
})

function canMount(): boolean {
  const directory = makeDirectory()
  const mounted = spawnSync('mount', ['--bind', directory, directory]).status === 0
  if (mounted) spawnSync('umount', [directory])
  removeDirectory(directory)
  return mounted
}
