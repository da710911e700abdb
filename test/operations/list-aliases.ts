import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pagingRefusalTests } from './rules.ts'
import {
  aliasArn,
  createAlias,
  createKey,
  createKeyPendingDeletion,
  expectRecord,
  keyArn,
  listAliasesRegion,
  listIn,
  otherAccount,
  refuse,
  succeed,
  succeedEmpty,
  textOf,
  unknownKeyId,
  type Answered,
  type Json,
} from './service.ts'

const list = (input: Json = {}): Promise<Answered> => succeed('ListAliases', input, listAliasesRegion)
const names = ({ json }: Answered): string[] => listIn(json, 'Aliases').map((alias) => textOf(alias, 'AliasName'))

async function keyWithAliases(count: number) {
  const key = await createKey({}, listAliasesRegion)
  const aliases: string[] = []
  for (let made = 0; made < count; made += 1) aliases.push(await createAlias(key, listAliasesRegion))
  return { key, aliases: aliases.toSorted() }
}

describe('ListAliases', () => {
  it('lists name, ARN, bare key id and dates, in the order of the names', async () => {
    const { key, aliases } = await keyWithAliases(3)
    const { json } = await list({ KeyId: key.id })
    assert.deepEqual(Object.keys(json), ['Aliases', 'Truncated'])
    assert.equal(json['Truncated'], false)
    const entries = listIn(json, 'Aliases')
    for (const [index, entry] of entries.entries()) {
      const { CreationDate, LastUpdatedDate, ...rest } = entry
      const name = aliases[index] ?? ''
      assert.deepEqual(rest, {
        AliasName: name,
        AliasArn: aliasArn(name, listAliasesRegion),
        TargetKeyId: key.id,
      })
      assert.ok(typeof CreationDate === 'number' && Math.abs(CreationDate - Date.now() / 1000) < 60)
      assert.equal(LastUpdatedDate, CreationDate)
    }
    assert.equal(entries.length, 3)
  })

  it('lists the aliases of all keys without KeyId', async () => {
    const [one, two] = [await keyWithAliases(1), await keyWithAliases(1)]
    const found = names(await list())
    for (const name of [...one.aliases, ...two.aliases]) assert.ok(found.includes(name))
    assert.deepEqual(found, found.toSorted())
  })

  it('lists nothing of a key without aliases, and of one in any state', async () => {
    const key = await createKey()
    assert.equal((await succeed('ListAliases', { KeyId: key.arn })).text, '{"Aliases":[],"Truncated":false}')
    await succeed('ListAliases', { KeyId: (await createKeyPendingDeletion()).id })
  })

  it('gives out all aliases page by page, each once', async () => {
    const { key, aliases } = await keyWithAliases(5)
    const found: string[] = []
    let Marker: unknown
    do {
      const answered = await list({ KeyId: key.id, Limit: 2, ...(Marker === undefined ? {} : { Marker }) })
      found.push(...names(answered))
      Marker = answered.json['NextMarker']
      assert.equal(answered.json['Truncated'], Marker !== undefined)
    } while (Marker !== undefined)
    assert.deepEqual(found, aliases)
  })

  it('goes on behind a marker whose alias was deleted', async () => {
    const { key, aliases } = await keyWithAliases(3)
    const first = await list({ KeyId: key.id, Limit: 1 })
    await succeedEmpty('DeleteAlias', { AliasName: aliases[0] }, listAliasesRegion)
    const rest = await list({ KeyId: key.id, Marker: first.json['NextMarker'] })
    assert.deepEqual(names(rest), aliases.slice(1))
  })

  it('has 50 aliases on a page unless Limit says otherwise', async () => {
    const [one, two] = [await createKey({}, listAliasesRegion), await createKey({}, listAliasesRegion)]
    await Promise.all(Array.from({ length: 26 }, () => createAlias(one, listAliasesRegion)))
    await Promise.all(Array.from({ length: 26 }, () => createAlias(two, listAliasesRegion)))
    const first = await list()
    assert.deepEqual([names(first).length, first.json['Truncated']], [50, true])
    assert.ok(names(await list({ Limit: 100 })).length > 50)
  })

  it('refuses a marker of the aliases of another key', async () => {
    const [one, two] = [await keyWithAliases(2), await keyWithAliases(2)]
    const Marker = textOf((await list({ KeyId: one.key.id, Limit: 1 })).json, 'NextMarker')
    // unverified wording
    const refusal = ['InvalidMarkerException', 'The marker is not valid.'] as const
    await refuse('ListAliases', { KeyId: two.key.id, Marker }, ...refusal, listAliasesRegion)
    await refuse('ListAliases', { Marker }, ...refusal, listAliasesRegion)
    await succeed('ListAliases', { KeyId: one.key.arn, Marker }, listAliasesRegion)
  })

  it('refuses aliases as KeyId', async () => {
    const name = await createAlias(await createKey())
    for (const KeyId of [name, aliasArn(name)]) {
      await refuse('ListAliases', { KeyId }, 'NotFoundException', `Invalid keyId '${KeyId}'`)
    }
  })

  it('refuses unknown, malformed and foreign identifiers', async () => {
    const missing = `Key '${keyArn(unknownKeyId)}' does not exist`
    await refuse('ListAliases', { KeyId: unknownKeyId }, 'NotFoundException', missing)
    await refuse('ListAliases', { KeyId: keyArn(unknownKeyId) }, 'NotFoundException', missing)
    await refuse('ListAliases', { KeyId: 'nonsense' }, 'NotFoundException', "Invalid keyId 'nonsense'")
    const abroad = keyArn(unknownKeyId, 'eu-west-1')
    await refuse('ListAliases', { KeyId: abroad }, 'NotFoundException', 'Invalid arn eu-west-1')
    // unverified wording
    await refuse('ListAliases', { KeyId: 'arn:aws:kms' }, 'InvalidArnException', 'Invalid arn arn:aws:kms')
    const foreign = `arn:aws:kms:us-east-1:${otherAccount}:key/${unknownKeyId}`
    await refuse('ListAliases', { KeyId: foreign }, 'NotFoundException', `Key '${foreign}' does not exist`)
  })

  it('records what was asked and no aliases', async () => {
    const { key } = await keyWithAliases(2)
    const answered = await list({ KeyId: key.id, Limit: 1 })
    await expectRecord(answered, {
      eventName: 'ListAliases',
      readOnly: true,
      requestParameters: { keyId: key.id, limit: 1 },
    })
    const Marker = textOf(answered.json, 'NextMarker')
    const next = await list({ KeyId: key.id, Marker })
    await expectRecord(next, {
      eventName: 'ListAliases',
      readOnly: true,
      requestParameters: { keyId: key.id, marker: Marker },
    })
  })

  pagingRefusalTests('ListAliases', 100, () => Promise.resolve({}))
})
