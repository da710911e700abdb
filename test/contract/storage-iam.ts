/** The part of the storage contract about accounts, their users, groups, roles, policies and providers, and access keys. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Change } from '#records/change.ts'
import type { GroupRecord, IamRecord, ManagedPolicyRecord, OidcProviderRecord, RoleRecord } from '#records/iam.ts'
import {
  accessKeyRecord,
  account,
  accountRecord,
  commitOf,
  otherAccount,
  place,
  rootAccessKey,
  userRecord,
} from '../storage/fixtures.ts'
import type { DatabaseUnderTest, OpenStorage, StorageUnderTest } from './storage.ts'

const added = (entity: IamRecord): Change => ({ kind: 'iam added', entity })
const changed = (entity: IamRecord): Change => ({ kind: 'iam changed', entity })
const removed = ({ account: of, kind, id }: IamRecord): Change => ({ kind: 'iam removed', account: of, of: kind, id })

const named = { account: place.account, creationDate: 1_700_000_000_006, path: '/a/b/' } as const
const fullUser = userRecord('Full', {
  path: '/a/',
  inline: [{ name: 'p', document: '{ "Version":"2012-10-17" }' }],
  attached: ['arn:aws:iam::111122223333:policy/one'],
  groups: ['AGPA1', 'AGPA2'],
  boundary: 'arn:aws:iam::111122223333:policy/boundary',
  tags: [{ TagKey: 'team', TagValue: 'päyments' }],
  sessionsValidFrom: 5,
})
const group: GroupRecord = { ...named, kind: 'group', id: 'AGPA1', name: 'Group', inline: [], attached: [] }
const role: RoleRecord = {
  ...named,
  kind: 'role',
  id: 'AROA1',
  name: 'Role',
  inline: [],
  attached: [],
  description: 'a role',
  maxSessionDuration: 3600,
  trustPolicy: '{"Statement":[]}',
  boundary: undefined,
  tags: [],
  sessionsValidFrom: 0,
}
const policy: ManagedPolicyRecord = {
  ...named,
  kind: 'policy',
  id: 'ANPA1',
  name: 'Policy',
  description: '',
  updateDate: 7,
  versions: [
    { id: 'v1', document: '{}', creationDate: 6 },
    { id: 'v3', document: '{"a":1}', creationDate: 7 },
  ],
  defaultVersion: 'v3',
  nextVersion: 4,
  tags: [],
}
const provider: OidcProviderRecord = {
  kind: 'oidc-provider',
  account: place.account,
  id: 'idp.example.com/Path',
  name: 'idp.example.com/Path',
  creationDate: 8,
  url: 'https://idp.example.com/Path',
  clientIds: ['sts.amazonaws.com'],
  thumbprints: [],
  tags: [],
}

async function committed(storage: StorageUnderTest, ...changes: Change[]): Promise<void> {
  assert.equal(await storage.commit(commitOf(changes)), 'committed')
}

async function conflicts(storage: StorageUnderTest, ...changes: Change[]): Promise<void> {
  const head = await storage.head()
  assert.equal(await storage.commit(commitOf(changes)), 'conflict', JSON.stringify(changes))
  assert.deepEqual(await storage.head(), head)
}

/** Runs this part of the suite. */
export function iamContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: accounts and access keys`, () => {
    it('returns accounts as they were added and changed, by id', async (t) => {
      const storage = await open(t)
      const second = accountRecord(otherAccount.account, {
        name: 'second',
        serviceControl: [['{"a":1}', '{"a":2}'], []],
        resourceControl: [['{"b":1}']],
        rootSessionsValidFrom: 9,
      })
      assert.equal(await storage.reader.account(otherAccount.account), undefined)
      await committed(storage, { kind: 'account added', account: second })
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.account(otherAccount.account), { ...second, rev })
      assert.deepEqual(await storage.reader.accounts(), [
        { ...account, rev: 1 },
        { ...second, rev },
      ])
      const renamed = { ...second, name: 'renamed', serviceControl: [] }
      await committed(storage, { kind: 'account changed', account: renamed })
      assert.deepEqual(await storage.reader.account(otherAccount.account), { ...renamed, rev: rev + 1 })
      assert.deepEqual(await storage.findings(), [])
    })

    it('refuses a commit whose account is no longer as the operation saw it', async (t) => {
      const storage = await open(t)
      const expected = { kind: 'account', account: place.account, rev: 1 } as const
      const change: Change = { kind: 'account changed', account: { ...account, name: 'new' } }
      assert.equal(await storage.commit(commitOf([change], [expected])), 'committed')
      assert.equal(await storage.commit(commitOf([change], [expected])), 'conflict')
      const gone = { ...expected, account: otherAccount.account }
      assert.equal(await storage.commit(commitOf([], [gone])), 'conflict')
      await conflicts(storage, { kind: 'account changed', account: accountRecord(otherAccount.account) })
    })

    it('lists the access keys of a user, and of the root user, by their age', async (t) => {
      const storage = await open(t)
      const ofUser = { principal: { kind: 'user', userId: 'AIDA1' } } as const
      const newer = accessKeyRecord('AKIAA', { ...ofUser, creationDate: 20 })
      const older = accessKeyRecord('AKIAB', { ...ofUser, creationDate: 10 })
      const another = accessKeyRecord('AKIAC', { principal: { kind: 'user', userId: 'AIDA12' } })
      await committed(
        storage,
        ...[newer, older, another].map((accessKey): Change => ({ kind: 'access key added', accessKey })),
      )
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.accessKeysOf(place.account, 'AIDA1'), [
        { ...older, rev },
        { ...newer, rev },
      ])
      assert.deepEqual(await storage.reader.accessKeysOf(place.account, undefined), [{ ...rootAccessKey, rev: 1 }])
      assert.deepEqual(await storage.reader.accessKeysOf(place.account, 'AIDA'), [])
      assert.deepEqual(await storage.reader.accessKeysOf(otherAccount.account, 'AIDA1'), [])
      await conflicts(storage, {
        kind: 'access key changed',
        accessKey: { ...newer, principal: { kind: 'user', userId: 'AIDA12' } },
      })
      await conflicts(storage, { kind: 'access key changed', accessKey: { ...newer, principal: { kind: 'root' } } })
    })
  })

  describe(`${backEnd}: IAM`, () => {
    it('returns every kind of record exactly as it was added, by id and by name in any case', async (t) => {
      const storage = await open(t)
      const records = [userRecord('Bare'), fullUser, group, role, policy, provider]
      await committed(storage, ...records.map(added))
      const { revision: rev } = await storage.head()
      for (const record of records) {
        const { kind, id, name } = record
        assert.deepEqual(await storage.reader.iamById(kind, id), { ...record, rev })
        assert.deepEqual(await storage.reader.iamByName(place.account, kind, name), { ...record, rev })
        assert.deepEqual(await storage.reader.iamByName(place.account, kind, name.toUpperCase()), { ...record, rev })
        assert.equal(await storage.reader.iamByName(otherAccount.account, kind, name), undefined)
        assert.equal(await storage.reader.iamById(kind, `${id}X`), undefined)
      }
      assert.equal(await storage.reader.iamById('role', fullUser.id), undefined)
      assert.equal(await storage.reader.iamByName(place.account, 'group', 'role'), undefined)
      assert.deepEqual(await storage.findings(), [])
    })

    it('finds a role by its id in whatever account', async (t) => {
      const storage = await open(t)
      const abroad = { ...role, id: 'AROA2', account: otherAccount.account }
      await committed(storage, { kind: 'account added', account: accountRecord(otherAccount.account) }, added(abroad))
      assert.equal((await storage.reader.iamById('role', 'AROA2'))?.account, otherAccount.account)
      assert.equal(await storage.reader.iamByName(place.account, 'role', 'Role'), undefined)
    })

    it('pages through one kind by name without regard to case', async (t) => {
      const storage = await open(t)
      const names = ['delta', 'Alpha', 'b_2', 'b-1', 'B1', 'charlie']
      await committed(storage, ...names.map((name) => added(userRecord(name))), added(group))
      const page = async (after: string | undefined, limit: number): Promise<readonly string[]> =>
        (await storage.reader.iamList(place.account, 'user', after, limit)).map(({ name }) => name)
      assert.deepEqual(await page(undefined, 10), ['Alpha', 'b-1', 'B1', 'b_2', 'charlie', 'delta'])
      assert.deepEqual(await page(undefined, 2), ['Alpha', 'b-1'])
      assert.deepEqual(await page('b-1', 2), ['B1', 'b_2'])
      assert.deepEqual(await page('b1', 2), ['b_2', 'charlie'])
      assert.deepEqual(await page('bravo', 2), ['charlie', 'delta'])
      assert.deepEqual(await page('DELTA', 2), [])
      assert.deepEqual(await storage.reader.iamList(otherAccount.account, 'user', undefined, 10), [])
    })

    it('takes names that differ in case alone for the same, in one kind and account', async (t) => {
      const storage = await open(t)
      await committed(storage, added(userRecord('Alice')), added(userRecord('Bob')))
      await conflicts(storage, added(userRecord('ALICE', { id: 'AIDA9', path: '/other/' })))
      await conflicts(storage, changed(userRecord('alice', { id: 'AIDA-Bob' })))
      await committed(storage, changed(userRecord('aLICE', { id: 'AIDA-Alice' })), added({ ...group, name: 'alice' }))
      assert.equal((await storage.reader.iamByName(place.account, 'user', 'Alice'))?.name, 'aLICE')
      await committed(
        storage,
        { kind: 'account added', account: accountRecord(otherAccount.account) },
        added(userRecord('alice', { account: otherAccount.account, id: 'AIDA9' })),
      )
      await committed(storage, removed(userRecord('Alice')), added(userRecord('ALICE', { id: 'AIDA10' })))
      assert.equal((await storage.reader.iamByName(place.account, 'user', 'alice'))?.id, 'AIDA10')
      assert.deepEqual(await storage.findings(), [])
    })

    it('answers conflict for what is there already, is gone, or has no account', async (t) => {
      const storage = await open(t)
      await committed(storage, added(fullUser))
      await conflicts(storage, added({ ...fullUser, name: 'another' }))
      await conflicts(storage, changed(role))
      await conflicts(storage, removed(role))
      await conflicts(storage, removed({ ...fullUser, account: otherAccount.account }))
      await conflicts(storage, added({ ...role, account: otherAccount.account }))
    })

    it('changes a record and removes it', async (t) => {
      const storage = await open(t)
      await committed(storage, added(role), added(fullUser))
      const next = { ...role, trustPolicy: '{"Statement":[1]}', boundary: 'arn:aws:iam::111122223333:policy/b' }
      await committed(storage, changed(next))
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.iamById('role', role.id), { ...next, rev })
      await committed(storage, removed(role))
      assert.equal(await storage.reader.iamById('role', role.id), undefined)
      assert.equal((await storage.reader.iamById('user', fullUser.id))?.rev, rev - 1)
      assert.deepEqual(await storage.findings(), [])
    })

    it('gives the account of every change a new revision, once in a commit, and nothing else of it', async (t) => {
      const storage = await open(t)
      const second = accountRecord(otherAccount.account, { name: 'second' })
      await committed(storage, { kind: 'account added', account: second })
      const bystander = await storage.reader.account(otherAccount.account)
      for (const changes of [
        [added(role), added(fullUser), added(group)],
        [changed(fullUser)],
        [removed(role), removed(fullUser)],
      ]) {
        await committed(storage, ...changes)
        const { revision: rev } = await storage.head()
        assert.deepEqual(await storage.reader.account(place.account), { ...account, rev })
      }
      await committed(storage, removed(group), { kind: 'account changed', account: { ...account, name: 'renamed' } })
      const { revision: rev } = await storage.head()
      assert.deepEqual(await storage.reader.account(place.account), { ...account, name: 'renamed', rev })
      assert.deepEqual(await storage.reader.account(otherAccount.account), bystander)
      assert.deepEqual(await storage.findings(), [])
    })

    it('lets only one of two changes through that saw the same account', async (t) => {
      const storage = await open(t)
      await committed(storage, added(policy))
      const { revision: rev } = await storage.head()
      const expected = { kind: 'account', account: place.account, rev } as const
      const attached = { ...role, attached: ['arn:aws:iam::111122223333:policy/a/b/Policy'] }
      const outcomes = await storage.commitAll([
        commitOf([removed(policy)], [expected]),
        commitOf([added(attached)], [expected]),
      ])
      assert.deepEqual(outcomes, ['committed', 'conflict'])
      assert.equal(await storage.reader.iamById('role', role.id), undefined)
    })
  })
}

/** The same for rows that somebody else changed. */
export function damagedIamContract(backEnd: string, open: OpenStorage<DatabaseUnderTest>): void {
  describe(`${backEnd}: identities that somebody else changed`, () => {
    it('are refused one by one', async (t) => {
      const edits: Readonly<Record<string, string | number>> = {
        content: '{"kind":"user"}',
        rev: 1,
        name_key: 'mallory',
      }
      for (const [column, value] of Object.entries(edits)) {
        const storage = await open(t)
        await committed(storage, added(userRecord('alice')), added(userRecord('bob')))
        await storage.tamper('iam', column, value, `id = 'AIDA-alice'`)
        const { reader } = storage
        await assert.rejects(async () => reader.iamById('user', 'AIDA-alice'), IntegrityError)
        const name = column === 'name_key' ? 'mallory' : 'alice'
        await assert.rejects(async () => reader.iamByName(place.account, 'user', name), IntegrityError)
        await assert.rejects(async () => reader.iamList(place.account, 'user', undefined, 10), IntegrityError)
        assert.equal((await reader.iamById('user', 'AIDA-bob'))?.name, 'bob')
        for (const change of [changed(userRecord('alice')), removed(userRecord('alice'))]) {
          await assert.rejects(async () => storage.commit(commitOf([change])), IntegrityError)
        }
        assert.deepEqual((await storage.findings())[0], {
          kind: 'row',
          table: 'iam',
          primaryKey: '111122223333/user/AIDA-alice',
        })
      }
    })

    it('are refused when a user was made another kind of principal', async (t) => {
      const storage = await open(t)
      await committed(storage, added(userRecord('alice')))
      await storage.tamper('iam', 'kind', 'role', `id = 'AIDA-alice'`)
      await assert.rejects(async () => storage.reader.iamById('role', 'AIDA-alice'), IntegrityError)
    })

    it('keep an account that was edited from being changed through IAM', async (t) => {
      const storage = await open(t)
      const content = JSON.stringify({ ...account, serviceControl: [] }).replace('1700000000000', '1700000000001')
      await storage.tamper('account', 'content', content, `account = '111122223333'`)
      await assert.rejects(async () => storage.commit(commitOf([added(userRecord('alice'))])), IntegrityError)
      await assert.rejects(async () => storage.reader.account(place.account), IntegrityError)
      assert.equal(await storage.reader.iamById('user', 'AIDA-alice'), undefined)
      assert.deepEqual(await storage.findings(), [{ kind: 'row', table: 'account', primaryKey: '111122223333' }])
    })

    it('do not lend an access key to another user', async (t) => {
      const storage = await open(t)
      await committed(storage, { kind: 'access key added', accessKey: accessKeyRecord('AKIAOTHER') })
      await storage.tamper('access_key', 'user_id', 'AIDA1', `access_key_id = 'AKIAOTHER'`)
      await assert.rejects(async () => storage.reader.accessKeysOf(place.account, 'AIDA1'), IntegrityError)
    })
  })
}
