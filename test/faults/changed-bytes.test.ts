/** One changed byte of a ciphertext, of its context or of a stored row: refused, and never another plaintext. */
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { copyDirectory, withDatabase } from './filled.ts'
import {
  failedStart,
  killAll,
  launch,
  makeDirectory,
  readAccessKey,
  region,
  removeDirectory,
  withDirectory,
} from './program.ts'
import { createKey, errorCode, KmsWire, members, textOf } from './wire.ts'

const plaintext = Buffer.from('the only right plaintext').toString('base64')

describe('over the wire', () => {
  const context = { purpose: 'backup', department: 'é-10' }

  async function withBlob(work: (client: KmsWire, blob: Buffer) => Promise<void>): Promise<void> {
    await withDirectory(async (directory) => {
      const server = launch({ directory })
      const client = new KmsWire(await server.ready, readAccessKey(directory), region)
      const KeyId = await createKey(client)
      // Another key, so that a changed key id may name one.
      await createKey(client)
      const made = await client.call('Encrypt', { KeyId, Plaintext: plaintext, EncryptionContext: context })
      await work(client, Buffer.from(textOf(made, 'CiphertextBlob'), 'base64'))
      client.close()
      assert.equal((await server.end('SIGTERM')).code, 0)
    })
  }

  async function requireRefused(client: KmsWire, blob: Buffer, EncryptionContext: object, what: string): Promise<void> {
    const body = { CiphertextBlob: blob.toString('base64'), EncryptionContext }
    const answer = await client.send('Decrypt', body)
    assert.equal(answer.status, 400, `${what}: ${answer.body.toString('utf8')}`)
    assert.match(
      errorCode(answer) ?? '',
      /^(?:InvalidCiphertextException|AccessDeniedException|NotFoundException|ValidationException)$/,
      what,
    )
  }

  it('refuses a ciphertext with any bit changed, cut off anywhere, or longer', async () => {
    await withBlob(async (client, blob) => {
      for (let at = 0; at < blob.length; at += 1) {
        for (const bit of [1, 0x80]) {
          const changed = Buffer.from(blob)
          changed[at] = (changed[at] ?? 0) ^ bit
          await requireRefused(client, changed, context, `bit ${bit} of byte ${at}`)
        }
        await requireRefused(client, blob.subarray(0, at), context, `the first ${at} bytes`)
      }
      await requireRefused(client, Buffer.concat([blob, Buffer.alloc(1)]), context, 'a byte more')
      await requireRefused(client, Buffer.concat([blob, blob]), context, 'twice')
      const right = await client.call('Decrypt', {
        CiphertextBlob: blob.toString('base64'),
        EncryptionContext: context,
      })
      assert.equal(right['Plaintext'], plaintext)
    })
  })

  it('refuses a context that differs in any way but the order of its pairs', async () => {
    await withBlob(async (client, blob) => {
      const others: object[] = [
        {},
        { purpose: 'backup' },
        { ...context, more: '' },
        { purpose: 'é-10', department: 'backup' },
        { purposebackup: 'department', é: '-10' },
        { purpose: 'backupdepartment', '': 'é-10' },
        { Purpose: 'backup', department: 'é-10' },
        { purpose: 'backup', department: 'e\u0301-10' },
        { purpose: 'backup ', department: 'é-10' },
      ]
      for (const [name, value] of Object.entries(context)) {
        const rest = Object.fromEntries(Object.entries(context).filter(([each]) => each !== name))
        for (let at = 0; at < name.length; at += 1) others.push({ ...rest, [spoiled(name, at)]: value })
        for (let at = 0; at < value.length; at += 1) others.push({ ...rest, [name]: spoiled(value, at) })
      }
      for (const other of others) await requireRefused(client, blob, other, JSON.stringify(other))
      const turned = { department: context.department, purpose: context.purpose }
      const right = await client.call('Decrypt', { CiphertextBlob: blob.toString('base64'), EncryptionContext: turned })
      assert.equal(right['Plaintext'], plaintext)
    })
  })
})

/** The text with one character exchanged for another one. */
function spoiled(text: string, at: number): string {
  const other = text.charAt(at) === 'x' ? 'y' : 'x'
  return `${text.slice(0, at)}${other}${text.slice(at + 1)}`
}

type Table = 'key' | 'key_material' | 'alias'
interface Edit {
  readonly table: Table
  readonly column: string
  /** Where in the column, from 0 to 1. */
  readonly part: number
}
interface Victim {
  readonly edit: Edit
  readonly keyId: string
  readonly alias: string
  readonly blob: string
}

const parts = [0, 0.13, 0.29, 0.41, 0.57, 0.68, 0.83, 0.99]
const ends = [0, 0.5, 0.99]
const edits: readonly Edit[] = [
  ...spread('key', {
    region: ends,
    account: ends,
    key_id: ends,
    deletion_date: [0],
    next_rotation: [0],
    content: parts,
    rev: [0],
    mac: parts,
  }),
  ...spread('key_material', {
    region: ends,
    account: ends,
    key_id: ends,
    material_id: ends,
    content: parts,
    rev: [0],
    mac: parts,
  }),
  ...spread('alias', {
    region: ends,
    account: ends,
    name: [0.5, 0.99],
    target_key_id: ends,
    content: parts,
    rev: [0],
    mac: parts,
  }),
]

function spread(table: Table, columns: Readonly<Record<string, readonly number[]>>): readonly Edit[] {
  return Object.entries(columns).flatMap(([column, places]) => places.map((part) => ({ table, column, part })))
}

/** Changes the victim's row behind the server's back. */
function apply(db: DatabaseSync, { edit: { table, column, part }, keyId, alias }: Victim): void {
  const where = table === 'alias' ? 'name = ?' : 'key_id = ?'
  const id = table === 'alias' ? alias : keyId
  const value = db.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where}`).get(id)?.['value']
  db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(otherValue(value, part), id)
}

function otherValue(value: unknown, part: number): string | number | Uint8Array {
  if (typeof value === 'number') return value + 1
  // A key that is not pending deletion has no date.
  if (value === null) return 1
  if (typeof value === 'string') return spoiled(value, Math.floor(part * value.length))
  assert.ok(value instanceof Uint8Array)
  const at = Math.floor(part * value.length)
  return value.map((byte, index) => (index === at ? byte ^ 1 : byte))
}

describe('in the database', () => {
  let base: string
  let original: string
  const victims: Victim[] = []

  before(async () => {
    base = makeDirectory()
    original = join(base, 'original')
    const server = launch({ directory: original })
    const client = new KmsWire(await server.ready, readAccessKey(original), region)
    for (const [index, edit] of edits.entries()) {
      const keyId = await createKey(client)
      const alias = `alias/victim-${index}`
      await client.call('CreateAlias', { AliasName: alias, TargetKeyId: keyId })
      const made = await client.call('Encrypt', { KeyId: keyId, Plaintext: plaintext })
      victims.push({ edit, keyId, alias, blob: textOf(made, 'CiphertextBlob') })
    }
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
  })
  after(async () => {
    await killAll()
    removeDirectory(base)
  })

  /** Whatever needs the edited row is refused, and nothing decrypts to something else. */
  async function requireRefused(client: KmsWire, { edit, keyId, alias, blob }: Victim): Promise<void> {
    const what = `${edit.table}.${edit.column} at ${edit.part}`
    const uses = {
      alias: [['DescribeKey', { KeyId: alias }] as const],
      key: [['DescribeKey', { KeyId: keyId }] as const, ['Decrypt', { CiphertextBlob: blob }] as const],
      key_material: [
        ['Encrypt', { KeyId: keyId, Plaintext: 'AAAA' }] as const,
        ['Decrypt', { CiphertextBlob: blob }] as const,
      ],
    }
    for (const [operation, body] of uses[edit.table]) {
      const code = await client.code(operation, body)
      assert.match(
        code,
        /^(?:KMSInternalException|NotFoundException|InvalidCiphertextException|AccessDeniedException)$/,
        `${what}: ${operation}`,
      )
    }
  }

  it(`refuses each of ${edits.length} rows that were changed while the server was stopped`, async () => {
    const directory = join(base, 'stopped')
    copyDirectory(original, directory)
    withDatabase(directory, (db) => {
      db.exec('PRAGMA foreign_keys = OFF')
      for (const victim of victims) apply(db, victim)
    })
    const server = launch({ directory })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    for (const victim of victims) await requireRefused(client, victim)
    client.close()
    await server.end('SIGTERM')
    assert.match(server.stderr(), /the database is not what was written/)
  })

  it(`refuses each of ${edits.length} rows that were changed while the server ran and had not read them`, async () => {
    const directory = join(base, 'running')
    copyDirectory(original, directory)
    const server = launch({ directory, workers: 2 })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    withDatabase(directory, (db) => {
      db.exec('PRAGMA foreign_keys = OFF')
      for (const victim of victims) apply(db, victim)
    })
    for (const victim of victims) await requireRefused(client, victim)
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
  })

  it('answers from what it had read before, or not at all, and never makes an edited row a valid one', async () => {
    const directory = join(base, 'warm')
    copyDirectory(original, directory)
    const server = launch({ directory })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    const chosen = victims.filter(({ edit }) => edit.table === 'key' && ['content', 'mac', 'rev'].includes(edit.column))
    for (const { blob } of chosen) await client.call('Decrypt', { CiphertextBlob: blob })
    withDatabase(directory, (db) => {
      for (const victim of chosen) apply(db, victim)
    })
    for (const { keyId, blob } of chosen) {
      const answer = await client.send('Decrypt', { CiphertextBlob: blob })
      if (answer.status === 200) assert.equal(members(answer)['Plaintext'], plaintext)
      assert.equal(
        await client.code('UpdateKeyDescription', { KeyId: keyId, Description: 'x' }),
        'KMSInternalException',
      )
      assert.equal(await client.code('ScheduleKeyDeletion', { KeyId: keyId }), 'KMSInternalException')
    }
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
  })

  it('does not start with a changed head, domain key, account or installation', async () => {
    const changes = [
      ['head', 'sealed', 65],
      ['domain_key', 'wrapped', 65],
      ['account', 'content', 65],
      ['account', 'mac', 65],
      ['installation', 'id', 66],
    ] as const
    for (const [table, column, code] of changes) {
      const directory = join(base, `${table}-${column}`)
      copyDirectory(original, directory)
      withDatabase(directory, (db) => {
        const value = db.prepare(`SELECT ${column} AS value FROM ${table}`).get()?.['value']
        db.prepare(`UPDATE ${table} SET ${column} = ?`).run(otherValue(value, 0.5))
      })
      const end = await failedStart({ directory })
      assert.equal(end.code, code, `${table}.${column}: ${end.stderr}`)
      assert.doesNotMatch(end.stderr, /unexpected error/)
    }
  })

  it('authenticates nobody by a changed access key', async () => {
    for (const column of ['content', 'mac']) {
      const directory = join(base, `access-key-${column}`)
      copyDirectory(original, directory)
      withDatabase(directory, (db) => {
        const value = db.prepare(`SELECT ${column} AS value FROM access_key`).get()?.['value']
        db.prepare(`UPDATE access_key SET ${column} = ?`).run(otherValue(value, 0.7))
      })
      const server = launch({ directory })
      const client = new KmsWire(await server.ready, readAccessKey(directory), region)
      assert.equal(await client.code('ListKeys', {}), 'KMSInternalException')
      client.close()
      await server.end('SIGTERM')
    }
  })
})
