import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const invalidMarker = 'InvalidMarkerException'

describe('lists', () => {
  const kms = new MemoryKms()
  const keyIds: string[] = []
  before(async () => {
    for (let count = 0; count < 7; count += 1) keyIds.push(await kms.createKey())
    keyIds.sort()
    for (const name of ['d', 'b', 'a', 'c', 'e']) {
      await kms.run('CreateAlias', { AliasName: `alias/${name}`, TargetKeyId: keyIds[name === 'c' ? 1 : 0] })
    }
    const Tags = ['t3', 't1', 't2'].map((TagKey) => ({ TagKey, TagValue: 'v' }))
    await kms.run('TagResource', { KeyId: keyIds[0], Tags })
  })

  const pages = async (
    name: OperationName,
    list: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<readonly (readonly unknown[])[]> => {
    const found: (readonly unknown[])[] = []
    let marker: unknown
    do {
      const { output } = await kms.run(name, marker === undefined ? body : { ...body, Marker: marker })
      found.push(output[list] as readonly unknown[])
      marker = output['NextMarker']
      assert.equal(output['Truncated'], marker !== undefined)
      assert.ok(marker === undefined || (typeof marker === 'string' && /^[ -\u00FF]{1,1024}$/.test(marker)))
    } while (marker !== undefined)
    return found
  }

  it('lists keys by id, page by page', async () => {
    const found = await pages('ListKeys', 'Keys', { Limit: 3 })
    assert.deepEqual(
      found.map(({ length }) => length),
      [3, 3, 1],
    )
    assert.deepEqual(
      found.flat(),
      keyIds.map((KeyId) => ({ KeyId, KeyArn: `arn:aws:kms:eu-central-1:111122223333:key/${KeyId}` })),
    )
  })

  it('does not announce a page after a full last one', async () => {
    assert.deepEqual(
      (await pages('ListKeys', 'Keys', { Limit: 7 })).map(({ length }) => length),
      [7],
    )
  })

  it('lists aliases by name, all or those of one key', async () => {
    const names = (found: readonly (readonly unknown[])[]): unknown =>
      found.map((page) => page.map((alias) => (alias as { AliasName: string }).AliasName))
    assert.deepEqual(names(await pages('ListAliases', 'Aliases', { Limit: 2 })), [
      ['alias/a', 'alias/b'],
      ['alias/c', 'alias/d'],
      ['alias/e'],
    ])
    assert.deepEqual(names(await pages('ListAliases', 'Aliases', { Limit: 3, KeyId: keyIds[0] })), [
      ['alias/a', 'alias/b', 'alias/d'],
      ['alias/e'],
    ])
    const { output } = await kms.run('ListAliases', { KeyId: keyIds[1] })
    assert.deepEqual(output, {
      Aliases: [
        {
          AliasName: 'alias/c',
          AliasArn: 'arn:aws:kms:eu-central-1:111122223333:alias/c',
          TargetKeyId: keyIds[1],
          CreationDate: new Date('2026-11-22T12:00:00.250Z'),
          LastUpdatedDate: new Date('2026-11-22T12:00:00.250Z'),
        },
      ],
      Truncated: false,
    })
  })

  it('lists the tags of a key in the order in which they were set, page by page', async () => {
    const found = await pages('ListResourceTags', 'Tags', { KeyId: keyIds[0], Limit: 2 })
    assert.deepEqual(
      found.map((page) => page.map((tag) => (tag as { TagKey: string }).TagKey)),
      [['t3', 't1'], ['t2']],
    )
  })

  it('lists the one name of the key policy', async () => {
    const { output } = await kms.run('ListKeyPolicies', { KeyId: keyIds[0] })
    assert.deepEqual(output, { PolicyNames: ['default'], Truncated: false })
  })

  it('refuses markers of other lists', async () => {
    const { output: keys } = await kms.run('ListKeys', { Limit: 1 })
    const { output: aliases } = await kms.run('ListAliases', { Limit: 1 })
    const { output: ofKey } = await kms.run('ListAliases', { Limit: 1, KeyId: keyIds[0] })
    const { output: tags } = await kms.run('ListResourceTags', { Limit: 1, KeyId: keyIds[0] })
    const foreign: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
      ['ListKeys', { Marker: aliases['NextMarker'] }],
      ['ListAliases', { Marker: keys['NextMarker'] }],
      ['ListAliases', { Marker: ofKey['NextMarker'] }],
      ['ListAliases', { Marker: aliases['NextMarker'], KeyId: keyIds[0] }],
      ['ListAliases', { Marker: ofKey['NextMarker'], KeyId: keyIds[1] }],
      ['ListResourceTags', { Marker: tags['NextMarker'], KeyId: keyIds[1] }],
      ['ListKeyPolicies', { Marker: tags['NextMarker'], KeyId: keyIds[0] }],
    ]
    for (const [name, body] of foreign) assert.equal((await kms.refusal(name, body)).code, invalidMarker, name)
  })

  it('refuses markers that were cut, edited or spelled differently', async () => {
    const { output } = await kms.run('ListKeys', { Limit: 1 })
    const marker = output['NextMarker'] as string
    const spoiled = [
      marker.slice(0, -1),
      marker.slice(1),
      `${marker}A`,
      `${marker}=`,
      `${marker} `,
      'A'.repeat(1024),
      'x',
      ...Array.from(
        marker,
        (letter, index) => marker.slice(0, index) + (letter === 'A' ? 'B' : 'A') + marker.slice(index + 1),
      ),
    ]
    for (const Marker of spoiled) {
      assert.equal((await kms.refusal('ListKeys', { Marker })).code, invalidMarker, Marker)
    }
  })

  const limits: readonly (readonly [OperationName, number])[] = [
    ['ListKeys', 1000],
    ['ListAliases', 100],
    ['ListResourceTags', 50],
    ['ListKeyPolicies', 1000],
  ]
  for (const [name, most] of limits) {
    it(`${name} takes limits from 1 to ${most}`, async () => {
      const body = { KeyId: keyIds[0] }
      for (const Limit of [1, most]) await kms.run(name, { ...body, Limit })
      const refused = async (Limit: number, words: string): Promise<void> => {
        assert.deepEqual(await kms.refusal(name, { ...body, Limit }), {
          code: 'ValidationException',
          message: `1 validation error detected: Value '${Limit}' at 'limit' failed to satisfy constraint: Member must have value ${words}`,
        })
      }
      await refused(0, 'greater than or equal to 1')
      await refused(most + 1, `less than or equal to ${most}`)
    })
  }

  it('gives 100 keys to a page when no limit is sent, and 50 aliases', async () => {
    const many = new MemoryKms()
    for (let count = 0; count < 101; count += 1) {
      const TargetKeyId = await many.createKey()
      if (count < 51) await many.run('CreateAlias', { AliasName: `alias/n${count}`, TargetKeyId })
    }
    assert.equal(((await many.run('ListKeys')).output['Keys'] as unknown[]).length, 100)
    assert.equal(((await many.run('ListAliases')).output['Aliases'] as unknown[]).length, 50)
  })

  it('narrows ListAliases down to keys of this account only', async () => {
    const id = '12345678-1234-4234-8234-123456789012'
    for (const account of ['111122223333', '444455556666']) {
      const arn = `arn:aws:kms:eu-central-1:${account}:key/${id}`
      assert.deepEqual(await kms.refusal('ListAliases', { KeyId: arn }), {
        code: 'NotFoundException',
        message: `Key '${arn}' does not exist`,
      })
    }
    assert.equal((await kms.refusal('ListAliases', { KeyId: 'arn:aws:s3:::bucket' })).code, 'InvalidArnException')
  })
})
