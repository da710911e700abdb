/** Rows that say who may do what, changed behind the server's back: whatever needs one is refused, and nothing allows more. */
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { copyDirectory, withDatabase } from './filled.ts'
import {
  account,
  failedStart,
  killAll,
  launch,
  makeDirectory,
  readAccessKey,
  region,
  removeDirectory,
  type AccessKey,
} from './program.ts'
import { allowing, credentialsIn, policyText, QueryWire } from './query-wire.ts'
import { createKey, KmsWire, textOf } from './wire.ts'

const arn = (what: string): string => `arn:aws:iam::${account}:${what}`

/** A user in a situation of its own, whose one row is changed. */
interface Victim {
  readonly name: string
  /** What of it is changed: the row that `where` finds in `table`. */
  readonly table: 'iam' | 'key_grant' | 'access_key'
  readonly where: string
  readonly column: string
  readonly edit: (value: unknown) => string | number | Uint8Array
  readonly key: AccessKey
  readonly keyId: string
  /** Whether Encrypt was allowed before. */
  readonly allowed: boolean
}

type Situation = 'allowed by its policy' | 'denied by its policy' | 'allowed by its group' | 'allowed by a grant'

function otherByte(part: number): (value: unknown) => string | Uint8Array {
  return (value) => {
    if (typeof value === 'string') {
      const at = Math.floor(part * value.length)
      return `${value.slice(0, at)}${value.charAt(at) === 'x' ? 'y' : 'x'}${value.slice(at + 1)}`
    }
    assert.ok(value instanceof Uint8Array)
    const at = Math.floor(part * value.length)
    return value.map((byte, index) => (index === at ? byte ^ 1 : byte))
  }
}
const oneMore = (value: unknown): number => {
  assert.ok(typeof value === 'number')
  return value + 1
}
const replaced =
  (from: string | RegExp, to: string) =>
  (value: unknown): string => {
    assert.ok(typeof value === 'string')
    const edited = value.replace(from, to)
    assert.notEqual(edited, value, 'nothing to replace')
    return edited
  }

const parts = [0, 0.2, 0.4, 0.6, 0.8, 0.99]

/** What is done to which row. The last ones are what somebody would do who wants more rights. */
const plans: readonly {
  readonly situation: Situation
  readonly table: Victim['table']
  readonly column: string
  readonly edit: Victim['edit']
}[] = [
  ...(['allowed by its policy', 'denied by its policy', 'allowed by its group'] as const).flatMap((situation) => [
    ...parts.map((part) => ({ situation, table: 'iam' as const, column: 'content', edit: otherByte(part) })),
    ...parts.map((part) => ({ situation, table: 'iam' as const, column: 'mac', edit: otherByte(part) })),
    { situation, table: 'iam' as const, column: 'rev', edit: oneMore },
    { situation, table: 'iam' as const, column: 'id', edit: otherByte(0.7) },
    { situation, table: 'iam' as const, column: 'name_key', edit: otherByte(0.9) },
  ]),
  ...parts.flatMap((part) =>
    ['content', 'mac', 'grantee', 'grant_id', 'key_id'].map((column) => ({
      situation: 'allowed by a grant' as const,
      table: 'key_grant' as const,
      column,
      edit: otherByte(part),
    })),
  ),
  { situation: 'allowed by a grant', table: 'key_grant', column: 'rev', edit: oneMore },
  ...parts.flatMap((part) =>
    ['content', 'mac', 'user_id'].map((column) => ({
      situation: 'allowed by its policy' as const,
      table: 'access_key' as const,
      column,
      edit: otherByte(part),
    })),
  ),
  { situation: 'denied by its policy', table: 'iam', column: 'content', edit: replaced('Deny', 'Allow') },
  {
    situation: 'denied by its policy',
    table: 'iam',
    column: 'content',
    edit: replaced(/"inline":\[.*?\}\]/, '"inline":[]'),
  },
  { situation: 'denied by its policy', table: 'iam', column: 'content', edit: replaced('kms:Encrypt', 'kms:Decrypt') },
]

describe('a row that says who may do what', () => {
  let base: string
  let original: string
  const victims: Victim[] = []

  before(async () => {
    base = makeDirectory()
    original = join(base, 'original')
    const server = launch({ directory: original })
    const url = await server.ready
    const root = new QueryWire(url, readAccessKey(original))
    const kms = new KmsWire(url, readAccessKey(original), region)
    const keyId = await createKey(kms)
    for (const [index, plan] of plans.entries()) {
      const UserName = `user-${index}`
      const { situation, table, column, edit } = plan
      await root.call('iam', 'CreateUser', { UserName })
      const put = (PolicyDocument: string) =>
        root.call('iam', 'PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument })
      let where = `kind = 'user' AND name_key = '${UserName}'`
      if (situation === 'allowed by its policy') await put(allowing('kms:Encrypt'))
      if (situation === 'denied by its policy') {
        await put(policyText({ Effect: 'Deny', Action: 'kms:Encrypt', Resource: '*' }))
        // What would allow it if the Deny were gone.
        await root.call('iam', 'CreateGroup', { GroupName: `allowing-${index}` })
        const policy = { GroupName: `allowing-${index}`, PolicyName: 'use', PolicyDocument: allowing('kms:Encrypt') }
        await root.call('iam', 'PutGroupPolicy', policy)
        await root.call('iam', 'AddUserToGroup', { GroupName: `allowing-${index}`, UserName })
      }
      if (situation === 'allowed by its group') {
        await root.call('iam', 'CreateGroup', { GroupName: `group-${index}` })
        const policy = { GroupName: `group-${index}`, PolicyName: 'use', PolicyDocument: allowing('kms:Encrypt') }
        await root.call('iam', 'PutGroupPolicy', policy)
        await root.call('iam', 'AddUserToGroup', { GroupName: `group-${index}`, UserName })
        where = `kind = 'group' AND name_key = 'group-${index}'`
      }
      const key = credentialsIn(await root.call('iam', 'CreateAccessKey', { UserName }))
      if (situation === 'allowed by a grant') {
        const grant = { KeyId: keyId, GranteePrincipal: arn(`user/${UserName}`), Operations: ['Encrypt'] }
        where = `grant_id = '${textOf(await kms.call('CreateGrant', grant), 'GrantId')}'`
      }
      if (table === 'access_key') where = `access_key_id = '${key.accessKeyId}'`
      const name = `${table}.${column} of a user ${situation} (number ${index})`
      const allowed = situation !== 'denied by its policy'
      victims.push({ name, table, where, column, edit, key, keyId, allowed })
    }
    root.close()
    kms.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
  })
  after(async () => {
    await killAll()
    removeDirectory(base)
  })

  function applyAll(db: DatabaseSync): void {
    db.exec('PRAGMA foreign_keys = OFF')
    for (const { table, where, column, edit } of victims) {
      const value = db.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where}`).get()?.['value']
      const { changes } = db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(edit(value))
      assert.equal(changes, 1)
    }
  }

  async function encryptAs(url: string, { key, keyId }: Victim): Promise<string> {
    const client = new KmsWire(url, key, region)
    const code = await client.code('Encrypt', { KeyId: keyId, Plaintext: 'AAAA' })
    client.close()
    return code
  }

  // A changed key of a row is no row by that key: nobody is authenticated, or nothing is granted.
  const refused = /^(?:KMSInternalException|AccessDeniedException|UnrecognizedClientException)$/

  it('allowed and denied what it said before it was changed', async () => {
    const directory = join(base, 'unchanged')
    copyDirectory(original, directory)
    const server = launch({ directory })
    const url = await server.ready
    for (const victim of victims) {
      assert.equal(await encryptAs(url, victim), victim.allowed ? 'success' : 'AccessDeniedException', victim.name)
    }
    assert.equal((await server.end('SIGTERM')).code, 0)
  })

  it(`allows nothing: ${plans.length} rows that were changed while the server was stopped`, async () => {
    const directory = join(base, 'stopped')
    copyDirectory(original, directory)
    withDatabase(directory, applyAll)
    const server = launch({ directory })
    const url = await server.ready
    for (const victim of victims) assert.match(await encryptAs(url, victim), refused, victim.name)
    await server.end('SIGTERM')
    assert.match(server.stderr(), /the database is not what was written/)
  })

  it(`allows nothing: ${plans.length} rows that were changed while the server ran and had not read them`, async () => {
    const directory = join(base, 'running')
    copyDirectory(original, directory)
    const server = launch({ directory, workers: 2 })
    const url = await server.ready
    withDatabase(directory, applyAll)
    for (const victim of victims) assert.match(await encryptAs(url, victim), refused, victim.name)
    assert.equal((await server.end('SIGTERM')).code, 0)
  })

  it('allows nothing by a row that was copied from another user', async () => {
    const directory = join(base, 'copied')
    copyDirectory(original, directory)
    const denied = victims.find(({ allowed }) => !allowed)
    const other = victims.find(({ name }) => name.includes('allowed by its policy'))
    assert.ok(denied !== undefined && other !== undefined)
    withDatabase(directory, (db) => {
      const row = db.prepare(`SELECT content, rev, mac FROM iam WHERE ${other.where}`).get()
      const set = db.prepare(`UPDATE iam SET content = ?, rev = ?, mac = ? WHERE ${denied.where}`)
      set.run(row?.['content'] ?? '', row?.['rev'] ?? 0, row?.['mac'] ?? '')
    })
    const server = launch({ directory })
    assert.match(await encryptAs(await server.ready, denied), refused)
    await server.end('SIGTERM')
  })

  it('allows nothing by a row that was removed', async () => {
    const directory = join(base, 'removed')
    copyDirectory(original, directory)
    withDatabase(directory, (db) => {
      db.exec('PRAGMA foreign_keys = OFF')
      for (const { table, where } of victims) db.exec(`DELETE FROM ${table} WHERE ${where}`)
    })
    const server = launch({ directory })
    const url = await server.ready
    // As soon as it is noticed that rows are missing, the server ends.
    let served = 0
    for (const victim of victims) {
      const code = await encryptAs(url, victim).catch(() => 'no answer')
      if (code === 'no answer') break
      assert.match(code, refused, victim.name)
      served += 1
    }
    if (served < victims.length) assert.notEqual((await server.ended).code, 0)
    else await server.end('SIGTERM')
    assert.match(server.stderr(), /the database is not what was written/)
  })

  it('does not make the server start without its account', async () => {
    for (const column of ['content', 'rev', 'mac', 'account']) {
      const directory = join(base, `account-${column}`)
      copyDirectory(original, directory)
      withDatabase(directory, (db) => {
        db.exec('PRAGMA foreign_keys = OFF')
        const value = db.prepare(`SELECT ${column} AS value FROM account`).get()?.['value']
        db.prepare(`UPDATE account SET ${column} = ?`).run(
          typeof value === 'number' ? value + 1 : otherByte(0.5)(value),
        )
      })
      const end = await failedStart({ directory })
      assert.equal(end.code, 65, `account.${column}: ${end.stderr}`)
    }
  })

  it('shows no other text of a policy in explanations: a changed one is named, not believed', async () => {
    const directory = join(base, 'policy-text')
    copyDirectory(original, directory)
    withDatabase(directory, (db) => {
      const rows = db.prepare('SELECT hash, content FROM policy_text').all()
      assert.ok(rows.length > 0, 'no texts were kept')
      for (const { hash, content } of rows) {
        assert.ok(typeof content === 'string' && typeof hash === 'string')
        db.prepare('UPDATE policy_text SET content = ? WHERE hash = ?').run(content.replace('Deny', 'Allow'), hash)
      }
    })
    const server = launch({ directory })
    const url = await server.ready
    for (const victim of victims) {
      if (!victim.allowed) assert.equal(await encryptAs(url, victim), 'AccessDeniedException', victim.name)
    }
    await server.end('SIGTERM')
    assert.match(server.stderr(), /the database is not what was written/)
  })
})
