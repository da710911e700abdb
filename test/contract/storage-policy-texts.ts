/** The part of the storage contract about the texts of policies that the trail may speak of. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Change } from '#records/change.ts'
import type { RoleRecord } from '#records/iam.ts'
import { account, commitOf, keyAdded, keyRecord, place, userRecord } from '../storage/fixtures.ts'
import type { DatabaseUnderTest, OpenStorage, StorageUnderTest } from './storage.ts'

const kept = (name: string, keptAt: number, text = `{"policy":"${name}"}`): Change => ({
  kind: 'policy text kept',
  hash: `hash of ${name}`,
  text,
  keptAt,
})

async function committed(storage: StorageUnderTest, ...changes: Change[]): Promise<void> {
  assert.equal(await storage.commit(commitOf(changes)), 'committed')
}

/** Runs passes to their end and answers how many calls they took. */
async function forget(storage: StorageUnderTest, before: number): Promise<number> {
  for (let calls = 1; calls < 10_000; calls += 1) {
    if ((await storage.forgetPolicyTexts(before)) === 'done') return calls
  }
  return assert.fail('a pass did not end')
}

const role: RoleRecord = {
  kind: 'role',
  account: place.account,
  id: 'AROA1',
  name: 'Role',
  creationDate: 1,
  path: '/',
  inline: [{ name: 'p', document: '{"policy":"inline"}' }],
  attached: [],
  description: '',
  maxSessionDuration: 3600,
  trustPolicy: '{"policy":"trust"}',
  boundary: undefined,
  tags: [],
  sessionsValidFrom: 0,
}

/** Runs this part of the suite. */
export function policyTextContract(backEnd: string, open: OpenStorage): void {
  describe(`${backEnd}: policy texts`, () => {
    it('keeps a text once by its hash, and takes keeping it again for no conflict', async (t) => {
      const storage = await open(t)
      assert.equal(await storage.reader.policyText('hash of a'), undefined)
      const text = '{ "quotes\\"": "\u2028", "é": "\\n" }\n'
      await committed(storage, kept('a', 10, text), kept('b', 10))
      await committed(storage, kept('a', 20, text), kept('a', 5, text))
      await committed(storage, kept('a', 30, 'another text'))
      assert.equal(await storage.reader.policyText('hash of a'), text)
      assert.equal(await storage.reader.policyText('hash of b'), '{"policy":"b"}')
      assert.deepEqual(await storage.findings(), [])
    })

    it('forgets what was kept before a time, and nothing of then or later', async (t) => {
      const storage = await open(t)
      await committed(storage, kept('a', 10), kept('b', 11), kept('c', 12))
      await forget(storage, 11)
      assert.equal(await storage.reader.policyText('hash of a'), undefined)
      assert.ok(await storage.reader.policyText('hash of b'))
      assert.ok(await storage.reader.policyText('hash of c'))
      await forget(storage, 13)
      assert.equal(await storage.reader.policyText('hash of b'), undefined)
      assert.equal(await storage.reader.policyText('hash of c'), undefined)
      assert.deepEqual(await storage.findings(), [])
    })

    it('counts from the last time that a text was kept, whatever the order', async (t) => {
      const storage = await open(t)
      await committed(storage, kept('a', 10), kept('b', 30))
      await committed(storage, kept('a', 20), kept('b', 5))
      await forget(storage, 20)
      assert.ok(await storage.reader.policyText('hash of a'))
      assert.ok(await storage.reader.policyText('hash of b'))
      await forget(storage, 21)
      assert.equal(await storage.reader.policyText('hash of a'), undefined)
      assert.ok(await storage.reader.policyText('hash of b'))
    })

    it('keeps what a key, a user, a group, a role, a managed policy or an account has, until it has it no more', async (t) => {
      const storage = await open(t)
      const key = keyRecord({ policy: '{"policy":"key"}' })
      const inline = (name: string) => [{ name, document: `{"policy":"${name}"}` }]
      const user = userRecord('user', { inline: inline('user') })
      const documents = ['key', 'user', 'group', 'inline', 'trust', 'v1', 'v2', 'service control', 'resource control']
      const version = (id: string) => ({ id, document: `{"policy":"${id}"}`, creationDate: 1 })
      const common = { account: place.account, creationDate: 1, path: '/', attached: [] }
      await committed(
        storage,
        keyAdded(key),
        { kind: 'iam added', entity: user },
        { kind: 'iam added', entity: { ...common, kind: 'group', id: 'AGPA', name: 'g', inline: inline('group') } },
        { kind: 'iam added', entity: role },
        {
          kind: 'iam added',
          entity: {
            kind: 'policy',
            account: place.account,
            id: 'ANPA',
            name: 'p',
            creationDate: 1,
            path: '/',
            description: '',
            updateDate: 1,
            versions: [version('v1'), version('v2')],
            defaultVersion: 'v2',
            nextVersion: 3,
            tags: [],
          },
        },
        {
          kind: 'account changed',
          account: {
            ...account,
            serviceControl: [[], ['{"policy":"service control"}']],
            resourceControl: [['{"policy":"resource control"}']],
          },
        },
        kept('nobody has it', 10),
        ...documents.map((name) => kept(name, 10)),
      )
      const left = async (): Promise<readonly string[]> => {
        const there: string[] = []
        for (const name of documents) {
          if ((await storage.reader.policyText(`hash of ${name}`)) !== undefined) there.push(name)
        }
        return there
      }
      await forget(storage, 100)
      assert.deepEqual(await left(), documents)
      assert.equal(await storage.reader.policyText('hash of nobody has it'), undefined)
      await committed(
        storage,
        { kind: 'key deleted', place, keyId: key.keyId },
        { kind: 'iam removed', account: place.account, of: 'user', id: user.id },
        { kind: 'iam changed', entity: { ...role, trustPolicy: '{}' } },
        { kind: 'account changed', account },
      )
      await forget(storage, 100)
      assert.deepEqual(await left(), ['group', 'inline', 'v1', 'v2'])
      assert.deepEqual(await storage.findings(), [])
    })
  })
}

/** The same of a back end that works in steps, beside commits, on rows that somebody may have changed. */
export function policyTextStepsContract(backEnd: string, open: OpenStorage<DatabaseUnderTest>): void {
  describe(`${backEnd}: forgetting policy texts`, () => {
    const many = Array.from({ length: 450 }, (_, index) => kept(String(index), 10))

    it('takes many calls for many texts, each removing few', async (t) => {
      const storage = await open(t)
      await committed(storage, ...many, keyAdded(keyRecord({ policy: '{"policy":"17"}' })))
      const counts: number[] = []
      let before = (await storage.head()).revision
      while ((await storage.forgetPolicyTexts(100)) === 'more') {
        const { revision } = await storage.head()
        counts.push(revision - before)
        before = revision
      }
      assert.ok(counts.length > 10 && Math.max(...counts) === 1, counts.join())
      assert.ok(await storage.reader.policyText('hash of 17'))
      assert.equal(await storage.reader.policyText('hash of 18'), undefined)
      assert.deepEqual(await storage.findings(), [])
      // There is little to do when all has been done.
      await forget(storage, 10)
      assert.equal(await forget(storage, 10), 1)
    })

    it('keeps a text that comes into force, or is kept anew, at any point of a pass', async (t) => {
      const key = keyRecord({ policy: '{}' })
      const calls = await (async () => {
        const storage = await open(t)
        await committed(storage, ...many, keyAdded(key))
        return forget(storage, 100)
      })()
      const late: readonly ((name: string) => Change)[] = [
        (name) => ({ kind: 'key changed', key: { ...key, policy: `{"policy":"${name}"}` } }),
        (name) => keyAdded(keyRecord({ policy: `{"policy":"${name}"}` })),
        (name) => ({ kind: 'iam added', entity: { ...role, trustPolicy: `{"policy":"${name}"}` } }),
        (name) => ({ kind: 'account changed', account: { ...account, serviceControl: [[`{"policy":"${name}"}`]] } }),
        (name) => kept(name, 200),
      ]
      for (let at = 1; at < calls; at += 1) {
        const storage = await open(t)
        await committed(storage, ...many, keyAdded(key))
        for (let call = 0; call < at; call += 1) assert.equal(await storage.forgetPolicyTexts(100), 'more')
        // The last ones are removed last.
        const there = async (name: string): Promise<boolean> =>
          (await storage.reader.policyText(`hash of ${name}`)) !== undefined
        const names: string[] = []
        for (const [index, change] of late.entries()) {
          const name = String(99 - index)
          if (!(await there(name))) continue
          names.push(name)
          await committed(storage, change(name))
        }
        await forget(storage, 100)
        for (const name of names) assert.ok(await there(name), `${name} after call ${at} of ${calls}`)
        assert.equal(await there('300'), false)
        assert.deepEqual(await storage.findings(), [])
      }
    })

    it('forgets nothing while a policy is not what was written, and begins anew when it is', async (t) => {
      const storage = await open(t)
      const key = keyRecord({ policy: '{}' })
      await committed(storage, kept('a', 10), keyAdded(key))
      await storage.tamper('key', 'deletion_date', 5, `key_id = '${key.keyId}'`)
      await assert.rejects(forget(storage, 100), IntegrityError)
      await assert.rejects(forget(storage, 100), IntegrityError)
      assert.ok(await storage.reader.policyText('hash of a'))
      await storage.tamper('key', 'deletion_date', null, `key_id = '${key.keyId}'`)
      await forget(storage, 100)
      assert.equal(await storage.reader.policyText('hash of a'), undefined)
    })

    it('refuses a text that somebody else changed, leaves it where it is, and forgets the others', async (t) => {
      const storage = await open(t)
      await committed(storage, kept('a', 10), kept('b', 10))
      const edited = JSON.stringify({ hash: 'hash of a', keptAt: 10, text: '{"policy":"forged"}' })
      await storage.tamper('policy_text', 'content', edited, `hash = 'hash of a'`)
      await assert.rejects(async () => storage.reader.policyText('hash of a'), IntegrityError)
      await assert.rejects(async () => storage.commit(commitOf([kept('a', 20)])), IntegrityError)
      await forget(storage, 100)
      assert.equal(await storage.reader.policyText('hash of b'), undefined)
      assert.deepEqual(await storage.findings(), [{ kind: 'row', table: 'policy_text', primaryKey: 'hash of a' }])
    })
  })
}
