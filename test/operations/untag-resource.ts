import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, refuseInvalid, succeed, succeedEmpty, type Json } from './service.ts'

const tag = (TagKey: string, TagValue = ''): Json => ({ TagKey, TagValue })

async function tagsOf(KeyId: string): Promise<unknown> {
  return (await succeed('ListResourceTags', { KeyId })).json['Tags']
}

describe('UntagResource', () => {
  it('removes tags and answers nothing', async () => {
    const { id } = await createKey({ Tags: [tag('a', '1'), tag('b', '2'), tag('A', '3')] })
    await succeedEmpty('UntagResource', { KeyId: id, TagKeys: ['a'] })
    assert.deepEqual(await tagsOf(id), [tag('b', '2'), tag('A', '3')])
  })

  it('does not miss tags that the key does not have', async () => {
    const { id } = await createKey({ Tags: [tag('a', '1')] })
    for (const TagKeys of [['none'], [], ['b', 'b'], ['aws:x']]) {
      await succeedEmpty('UntagResource', { KeyId: id, TagKeys })
    }
    assert.deepEqual(await tagsOf(id), [tag('a', '1')])
    await succeedEmpty('UntagResource', { KeyId: id, TagKeys: ['none', 'a'] })
    assert.deepEqual(await tagsOf(id), [])
  })

  it('refuses tag keys of no length and of more than 128 characters', async () => {
    const { id } = await createKey()
    const rule =
      'Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length ' +
      'greater than or equal to 1]'
    for (const TagKeys of [['a', ''], ['k'.repeat(129)]]) {
      await refuseInvalid(
        'UntagResource',
        { KeyId: id, TagKeys },
        `Value '[${TagKeys.join(', ')}]' at 'tagKeys' failed to satisfy constraint: ${rule}`,
      )
    }
  })

  it('records the tag keys and the key', async () => {
    const key = await createKey({ Tags: [tag('a')] })
    const answered = await succeedEmpty('UntagResource', { KeyId: key.id, TagKeys: ['a', 'b'] })
    await expectRecord(answered, {
      eventName: 'UntagResource',
      readOnly: false,
      requestParameters: { keyId: key.id, tagKeys: ['a', 'b'] },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
  })

  requiredTest('UntagResource', { TagKeys: [] }, 'KeyId')
  requiredTest('UntagResource', { KeyId: 'any' }, 'TagKeys')
  notPendingDeletionTests('UntagResource', { TagKeys: ['a'] })
  identifierTests({
    operation: 'UntagResource',
    member: 'KeyId',
    rest: () => ({ TagKeys: ['a'] }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
