import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAliasName, parseGrantId, parseKeyMaterialId, type AccountId, type KeyId } from '#base/brand.ts'
import { createKeyDirectory } from '#cache/key-directory.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import { compiledPolicies } from '#policy/compile.ts'
import type { KeyDirectory } from '#ports/key-directory.ts'
import { cacheName, touchedBy, type Change } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from '#records/key.ts'
import { account, keyId, newHierarchy, otherAccount, otherKeyId, random, region } from '../crypto/key-fixtures.ts'
import { document } from './memory-identities.ts'
import { systemKeyPairs } from '../../src/system.ts'

const place: Place = { region, account }
const materialId = parseKeyMaterialId('ab'.repeat(32))!
const alice = 'AIDAUSERUSERUSERUSER1'

function keyRecord(id: KeyId, policy: string, owner: AccountId = account): KeyRecord {
  return {
    region,
    account: owner,
    keyId: id,
    creationDate: 0,
    description: '',
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    keyManager: 'CUSTOMER',
    state: { kind: 'Enabled' },
    tags: [],
    policy,
    currentMaterialId: materialId,
  }
}

function grantRecord(number: number, overrides: Partial<GrantRecord> = {}): GrantRecord {
  return {
    ...place,
    keyId,
    grantId: parseGrantId(number.toString(16).padStart(64, '0'))!,
    grantee: { name: alice, given: 'arn:aws:iam::111122223333:user/Alice', kind: 'AWS' },
    retiring: undefined,
    issuingAccount: 'arn:aws:iam::111122223333:root',
    operations: ['Decrypt'],
    encryptionContextEquals: undefined,
    encryptionContextSubset: undefined,
    sourceArn: undefined,
    name: '',
    nameKey: undefined,
    creationDate: 0,
    ...overrides,
  }
}

class Stored {
  readonly slots = new RevisionSlots(allocateSlots())
  keys: KeyRecord[] = []
  materials: KeyMaterialRecord[] = []
  grants: GrantRecord[] = []
  aliases: AliasRecord[] = []
  reads = 0
  readonly keyStore = createSoftwareKeyStore({ hierarchy: newHierarchy(), random, keyPairs: systemKeyPairs })
  readonly directory: KeyDirectory

  constructor(lists = 100_000) {
    const answer = <T>(value: T): T => {
      this.reads += 1
      return value
    }
    const at = (wanted: Place, id: KeyId) => (row: Place & { readonly keyId: KeyId }) =>
      row.account === wanted.account && row.region === wanted.region && row.keyId === id
    this.directory = createKeyDirectory(
      {
        key: (wanted, id) => {
          const found = this.keys.find(at(wanted, id))
          return answer(found === undefined ? undefined : { ...found, rev: 1 })
        },
        accountOfKey: (where, id) => answer(this.keys.find((key) => key.region === where && key.keyId === id)?.account),
        material: (wanted, id, prefix) => {
          const found = this.materials.filter(at(wanted, id)).find((each) => each.materialId.startsWith(prefix))
          return answer(found === undefined ? undefined : { ...found, rev: 1 })
        },
        alias: () => undefined,
        grants: (wanted, id, behind, limit, grantee) =>
          answer(
            this.grants
              .filter(at(wanted, id))
              .filter((grant) => grant.grantee.name === grantee && (behind === undefined || grant.grantId > behind))
              .slice(0, limit)
              .map((grant) => ({ ...grant, rev: 1 })),
          ),
        aliasNamesOf: (wanted, id) =>
          answer(
            this.aliases
              .filter((alias) => alias.account === wanted.account && alias.targetKeyId === id)
              .map(({ name }) => name),
          ),
      },
      this.keyStore,
      this.slots,
      compiledPolicies(1_000_000),
      { keys: 100, aliases: 100, lists },
    )
  }

  committed(change: Change): void {
    for (const name of touchedBy(change)) this.slots.raise(name)
  }
}

describe('the key directory', () => {
  it('compiles the policy of a key once, and once for all keys that share it', async () => {
    const stored = new Stored()
    const text = document('Allow', 'kms:*')
    stored.keys = [keyRecord(keyId, text), keyRecord(otherKeyId, `${text.slice(0, 9)}${text.slice(9)}`)]
    const key = await stored.directory.key(place, keyId)
    assert.equal(key?.policy.text, text)
    assert.equal(key.policy.problem, undefined)
    assert.equal((await stored.directory.key(place, keyId))?.policy, key.policy)
    assert.equal((await stored.directory.key(place, otherKeyId))?.policy, key.policy)
    const changed = keyRecord(keyId, 'no policy')
    stored.keys = [changed]
    stored.committed({ kind: 'key changed', key: changed })
    const again = await stored.directory.key(place, keyId)
    assert.equal(again?.record.policy, 'no policy')
    assert.notEqual(again.policy.problem, undefined)
  })

  it('tells imported material that went under a request from material that the key never had', async () => {
    const stored = new Stored()
    const bytes = { kind: 'imported' } as const
    const imported = { materials: [{ materialId, bytes, standing: 'permanent' }] } as const
    const usable: KeyRecord = { ...keyRecord(keyId, document('Allow', 'kms:*')), origin: 'EXTERNAL', imported }
    stored.keys = [usable]
    const key = (await stored.directory.key(place, keyId))!
    assert.equal(await stored.directory.material(key, 'cd'.repeat(8)), undefined)
    stored.committed({ kind: 'key material removed', place, keyId, materialId })
    const refusedWith = {
      refusal: { refused: true, code: 'KMSInvalidStateException', message: `${key.arn} is pending import.` },
    }
    assert.throws(() => stored.directory.material(key, materialId.slice(0, 16)), refusedWith)
    assert.throws(() => stored.directory.currentMaterial(key, 'symmetric'), refusedWith)
  })

  it('remembers in which account a key is, until the key is gone', async () => {
    const stored = new Stored()
    stored.keys = [keyRecord(keyId, '{}', otherAccount)]
    assert.equal(await stored.directory.key(place, keyId), undefined)
    const found = await stored.directory.keyAnywhere(region, keyId)
    assert.equal(found?.record.account, otherAccount)
    const { reads } = stored
    assert.equal(await stored.directory.keyAnywhere(region, keyId), found)
    assert.equal(stored.reads, reads)
    stored.keys = [keyRecord(keyId, '{}')]
    stored.committed({ kind: 'key deleted', place: { region, account: otherAccount }, keyId })
    assert.equal((await stored.directory.keyAnywhere(region, keyId))?.record.account, account)
    stored.keys = []
    stored.committed({ kind: 'key deleted', place, keyId })
    assert.equal(await stored.directory.keyAnywhere(region, keyId), undefined)
    assert.equal(await stored.directory.keyAnywhere(region, otherKeyId), undefined)
  })

  it('opens each of a hundred materials of a key once, until the key is changed', async () => {
    const stored = new Stored()
    const record = keyRecord(keyId, '{}')
    stored.keys = [record]
    for (let made = 0; made < 100; made += 1) stored.materials.push(await stored.keyStore.generate(record))
    const prefixes = stored.materials.map((each) => each.materialId.slice(0, 16))
    const openAll = async (): Promise<(string | undefined)[]> => {
      const key = await stored.directory.key(place, keyId)
      assert.ok(key)
      return await Promise.all(prefixes.map(async (each) => (await stored.directory.material(key, each))?.materialId))
    }
    const all = stored.materials.map((each) => each.materialId)
    assert.deepEqual(await openAll(), all)
    const { reads } = stored
    assert.deepEqual(await openAll(), all)
    assert.equal(stored.reads, reads)
    stored.materials = []
    stored.committed({ kind: 'key changed', key: record })
    assert.deepEqual(
      await openAll(),
      all.map(() => undefined),
    )
  })

  it('keeps apart the many materials of two keys whose ids are the same', async () => {
    const stored = new Stored()
    const own = keyRecord(keyId, '{}')
    const other = keyRecord(keyId, '{}', otherAccount)
    stored.keys = [own, other]
    for (let made = 0; made < 40; made += 1) {
      const material = await stored.keyStore.generate(own)
      stored.materials.push(material, await stored.keyStore.replicate(material, other))
    }
    const prefixes = new Set(stored.materials.map((each) => each.materialId.slice(0, 16)))
    assert.equal(prefixes.size, 40)
    const openedBy = { [account]: new Set<unknown>(), [otherAccount]: new Set<unknown>() }
    for (let round = 0; round < 2; round += 1) {
      for (const owner of [account, otherAccount]) {
        const key = await stored.directory.key({ region, account: owner }, keyId)
        assert.ok(key)
        for (const prefix of prefixes) {
          const material = await stored.directory.material(key, prefix)
          assert.equal(material?.materialId.slice(0, 16), prefix)
          openedBy[owner]?.add(material)
        }
      }
    }
    assert.ok(openedBy[account]?.isDisjointFrom(openedBy[otherAccount] ?? new Set()))
  })

  it('answers the grants of a grantee as the evaluator sees them', async () => {
    const stored = new Stored()
    stored.grants = [
      grantRecord(1, { encryptionContextSubset: [['Stage', 'prod']], operations: ['Encrypt', 'Decrypt'] }),
      grantRecord(2, { encryptionContextEquals: [], sourceArn: 'arn:aws:s3:::bucket' }),
      grantRecord(3, { grantee: { name: 'AROAROLEROLEROLEROLE1', given: 'x', kind: 'AWS' } }),
      grantRecord(4, { account: otherAccount }),
    ]
    assert.deepEqual(await stored.directory.grants(place, keyId, alice), [
      {
        grantId: `${'0'.repeat(63)}1`,
        grantee: alice,
        operations: ['Encrypt', 'Decrypt'],
        constraints: {
          encryptionContextEquals: undefined,
          encryptionContextSubset: new Map([['Stage', 'prod']]),
          sourceArn: undefined,
        },
      },
      {
        grantId: `${'0'.repeat(63)}2`,
        grantee: alice,
        operations: ['Decrypt'],
        constraints: {
          encryptionContextEquals: new Map(),
          encryptionContextSubset: undefined,
          sourceArn: 'arn:aws:s3:::bucket',
        },
      },
    ])
  })

  it('reads grants once, even that there are none, and anew when a grant of the key comes or goes', async () => {
    const stored = new Stored()
    const grant = grantRecord(1)
    const ask = async (name: string): Promise<number> => (await stored.directory.grants(place, keyId, name)).length
    assert.deepEqual([await ask(alice), await ask(alice), stored.reads], [0, 0, 1])
    stored.grants = [grant]
    stored.committed({ kind: 'grant added', grant })
    assert.deepEqual([await ask(alice), await ask(alice), stored.reads], [1, 1, 2])
    stored.grants = []
    stored.committed({ kind: 'grant removed', place, keyId, grantId: grant.grantId })
    assert.deepEqual([await ask(alice), await ask('AROAROLEROLEROLEROLE1')], [0, 0])
  })

  it('reads all of many grants, and does not keep more than it has room for', async () => {
    const stored = new Stored(10_000)
    stored.grants = Array.from({ length: 2000 }, (_, index) => grantRecord(index + 1))
    const found = await stored.directory.grants(place, keyId, alice)
    assert.equal(new Set(found.map(({ grantId }) => grantId)).size, 2000)
    assert.equal(stored.reads, 3)
    await stored.directory.grants(place, keyId, alice)
    assert.equal(stored.reads, 6)
  })

  it('knows the names of the aliases of a key until an alias of the place changes', async () => {
    const stored = new Stored()
    const alias: AliasRecord = {
      ...place,
      name: parseAliasName('alias/app')!,
      targetKeyId: keyId,
      creationDate: 0,
      lastUpdatedDate: 0,
    }
    stored.aliases = [alias]
    assert.deepEqual(await stored.directory.aliasNamesOf(place, keyId), ['alias/app'])
    assert.deepEqual(await stored.directory.aliasNamesOf(place, otherKeyId), [])
    const { reads } = stored
    await stored.directory.aliasNamesOf(place, otherKeyId)
    assert.equal(stored.reads, reads)
    stored.aliases = [{ ...alias, targetKeyId: otherKeyId }]
    stored.committed({ kind: 'alias changed', alias: { ...alias, targetKeyId: otherKeyId } })
    assert.deepEqual(await stored.directory.aliasNamesOf(place, keyId), [])
    assert.deepEqual(await stored.directory.aliasNamesOf(place, otherKeyId), ['alias/app'])
    assert.notEqual(cacheName.aliasTargets(place), cacheName.aliasTargets({ region, account: otherAccount }))
  })
})
