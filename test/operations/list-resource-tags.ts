import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, pagingRefusalTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, listIn, refuse, succeed, textOf, type Json } from './service.ts'

const tags = (count: number): Json[] => Array.from({ length: count }, (_, n) => ({ TagKey: `k${n}`, TagValue: `${n}` }))

describe('ListResourceTags', () => {
  it('answers no tags of a key without any', async () => {
    const { id } = await createKey()
    assert.equal((await succeed('ListResourceTags', { KeyId: id })).text, '{"Tags":[],"Truncated":false}')
  })

  it('answers all 50 tags on one page', async () => {
    const Tags = tags(50)
    const { id } = await createKey({ Tags })
    const { json } = await succeed('ListResourceTags', { KeyId: id })
    assert.deepEqual(json, { Tags, Truncated: false })
  })

  it('gives out tags page by page, each once', async () => {
    const Tags = tags(5)
    const { id } = await createKey({ Tags })
    const found: Json[] = []
    let Marker: unknown
    do {
      const input = { KeyId: id, Limit: 2, ...(Marker === undefined ? {} : { Marker }) }
      const { json } = await succeed('ListResourceTags', input)
      found.push(...listIn(json, 'Tags'))
      Marker = json['NextMarker']
      assert.equal(json['Truncated'], Marker !== undefined)
    } while (Marker !== undefined)
    assert.deepEqual(found, Tags)
  })

  it('refuses a marker of the tags of another key', async () => {
    const [one, two] = [await createKey({ Tags: tags(2) }), await createKey({ Tags: tags(2) })]
    const Marker = textOf((await succeed('ListResourceTags', { KeyId: one.id, Limit: 1 })).json, 'NextMarker')
    // unverified wording
    const refusal = ['InvalidMarkerException', 'The marker is not valid.'] as const
    await refuse('ListResourceTags', { KeyId: two.id, Marker }, ...refusal)
    await succeed('ListResourceTags', { KeyId: one.arn, Marker })
  })

  it('records what was asked and no tags', async () => {
    const key = await createKey({ Tags: tags(2) })
    const answered = await succeed('ListResourceTags', { KeyId: key.arn, Limit: 1 })
    await expectRecord(answered, {
      eventName: 'ListResourceTags',
      readOnly: true,
      requestParameters: { keyId: key.arn, limit: 1 },
      resources: [key.arn],
    })
  })

  requiredTest('ListResourceTags', {}, 'KeyId')
  anyStateTest('ListResourceTags')
  pagingRefusalTests('ListResourceTags', 50, async () => ({ KeyId: (await createKey()).id }))
  identifierTests({
    operation: 'ListResourceTags',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
