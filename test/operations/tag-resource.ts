import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { identifierTests, notPendingDeletionTests, requiredTest } from './rules.ts'
import { createKey, expectRecord, refuse, refuseInvalid, succeed, succeedEmpty, type Json } from './service.ts'

const tag = (TagKey: string, TagValue = ''): Json => ({ TagKey, TagValue })
const many = (count: number, prefix = 'k'): Json[] => Array.from({ length: count }, (_, n) => tag(`${prefix}${n}`))

async function tagsOf(KeyId: string): Promise<unknown> {
  return (await succeed('ListResourceTags', { KeyId })).json['Tags']
}

describe('TagResource', () => {
  it('adds tags, replaces values and answers nothing', async () => {
    const { id } = await createKey({ Tags: [tag('a', '1'), tag('b', '2')] })
    await succeedEmpty('TagResource', { KeyId: id, Tags: [tag('b', '3'), tag('c', '4')] })
    assert.deepEqual(await tagsOf(id), [tag('a', '1'), tag('b', '3'), tag('c', '4')])
  })

  it('tells tags apart by case', async () => {
    const { id } = await createKey()
    await succeedEmpty('TagResource', { KeyId: id, Tags: [tag('a', '1'), tag('A', '2')] })
    assert.deepEqual(await tagsOf(id), [tag('a', '1'), tag('A', '2')])
  })

  it('takes the longest tags and any Unicode', async () => {
    const { id } = await createKey()
    const Tags = [tag('k'.repeat(128), 'v'.repeat(256)), tag('Schlüssel 😀', 'ключ')]
    await succeedEmpty('TagResource', { KeyId: id, Tags })
    assert.deepEqual(await tagsOf(id), Tags)
  })

  it('takes no tags and the tags that a key has', async () => {
    const { id } = await createKey({ Tags: [tag('a', '1')] })
    await succeedEmpty('TagResource', { KeyId: id, Tags: [] })
    await succeedEmpty('TagResource', { KeyId: id, Tags: [tag('a', '1')] })
    assert.deepEqual(await tagsOf(id), [tag('a', '1')])
  })

  it('refuses the same tag twice', async () => {
    const { id } = await createKey()
    const Tags = [tag('a', '1'), tag('a', '1')]
    await refuse('TagResource', { KeyId: id, Tags }, 'TagException', 'Duplicate tag keys')
    assert.deepEqual(await tagsOf(id), [])
  })

  it('refuses a 51st tag, and takes a new value for one of 50', async () => {
    const { id } = await createKey({ Tags: many(49) })
    await refuse('TagResource', { KeyId: id, Tags: many(2, 'x') }, 'TagException', 'Too many tags')
    await succeedEmpty('TagResource', { KeyId: id, Tags: many(1, 'x') })
    await refuse('TagResource', { KeyId: id, Tags: [tag('more')] }, 'TagException', 'Too many tags')
    await succeedEmpty('TagResource', { KeyId: id, Tags: [tag('k7', 'new')] })
  })

  it('refuses reserved tags in any case', async () => {
    const { id } = await createKey()
    for (const name of ['aws:x', 'Aws:x', 'aws:']) {
      const Tags = [tag(name)]
      await refuse('TagResource', { KeyId: id, Tags }, 'TagException', 'Tags beginning with aws: are reserved')
    }
    await succeedEmpty('TagResource', { KeyId: id, Tags: [tag('aws'), tag('awsx:y')] })
  })

  it('names the place of a tag that is not valid', async () => {
    const { id } = await createKey()
    const at = 'failed to satisfy constraint: Member must'
    await refuseInvalid(
      'TagResource',
      { KeyId: id, Tags: [tag('')] },
      `Value '' at 'tags.1.member.tagKey' ${at} have length greater than or equal to 1`,
    )
    const long = 'k'.repeat(129)
    await refuseInvalid(
      'TagResource',
      { KeyId: id, Tags: [tag('a'), tag(long)] },
      `Value '${long}' at 'tags.2.member.tagKey' ${at} have length less than or equal to 128`,
    )
    const value = 'v'.repeat(257)
    await refuseInvalid(
      'TagResource',
      { KeyId: id, Tags: [tag('a', value)] },
      `Value '${value}' at 'tags.1.member.tagValue' ${at} have length less than or equal to 256`,
    )
    await refuseInvalid(
      'TagResource',
      { KeyId: id, Tags: [{ TagKey: 'a' }] },
      `Value null at 'tags.1.member.tagValue' ${at} not be null`,
    )
  })

  it('records the tags and the key', async () => {
    const key = await createKey()
    const answered = await succeedEmpty('TagResource', { KeyId: key.id, Tags: [tag('Team', 'blue')] })
    await expectRecord(answered, {
      eventName: 'TagResource',
      readOnly: false,
      requestParameters: { keyId: key.id, tags: [{ tagKey: 'Team', tagValue: 'blue' }] },
      responseElements: { keyId: key.arn },
      resources: [key.arn],
    })
    const Tags = [tag('aws:x')]
    const message = 'Tags beginning with aws: are reserved'
    const refused = await refuse('TagResource', { KeyId: key.arn, Tags }, 'TagException', message)
    await expectRecord(refused, {
      eventName: 'TagResource',
      readOnly: false,
      requestParameters: { keyId: key.arn, tags: [{ tagKey: 'aws:x', tagValue: '' }] },
      resources: [key.arn],
      errorCode: 'TagException',
      errorMessage: message,
    })
  })

  requiredTest('TagResource', { Tags: [] }, 'KeyId')
  requiredTest('TagResource', { KeyId: 'any' }, 'Tags')
  notPendingDeletionTests('TagResource', { Tags: [tag('a')] })
  identifierTests({
    operation: 'TagResource',
    member: 'KeyId',
    rest: () => ({ Tags: [tag('a')] }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
