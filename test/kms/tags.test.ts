import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { MemoryKms } from '../support/memory-kms.ts'

const tag = (TagKey: string, TagValue = ''): unknown => ({ TagKey, TagValue })
const numbered = (from: number, count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => tag(`k${from + index}`, 'v'))

describe('tags', () => {
  let kms: MemoryKms
  let keyId: string
  beforeEach(async () => {
    kms = new MemoryKms()
    keyId = await kms.createKey()
  })

  const add = async (...Tags: unknown[]) => kms.run('TagResource', { KeyId: keyId, Tags })
  const refused = async (...Tags: unknown[]) => kms.refusal('TagResource', { KeyId: keyId, Tags })
  const listed = async (): Promise<unknown> => (await kms.run('ListResourceTags', { KeyId: keyId })).output['Tags']

  it('keep the order in which they were set and replace values in place', async () => {
    assert.deepEqual((await add(tag('b', '1'), tag('a', '2'))).output, {})
    await add(tag('c', '3'), tag('b', '4'))
    assert.deepEqual(await listed(), [tag('b', '4'), tag('a', '2'), tag('c', '3')])
  })

  it('are case-sensitive', async () => {
    await add(tag('Team', '1'), tag('team', '2'))
    assert.deepEqual(await listed(), [tag('Team', '1'), tag('team', '2')])
  })

  it('change nothing when they are set already', async () => {
    await add(tag('a', '1'))
    assert.deepEqual((await add(tag('a', '1'))).changes, [])
    assert.deepEqual((await add()).changes, [])
  })

  it('are removed, and not missed when they are not there', async () => {
    await add(tag('a', '1'), tag('b', '2'))
    await kms.run('UntagResource', { KeyId: keyId, TagKeys: ['a', 'z'] })
    assert.deepEqual(await listed(), [tag('b', '2')])
    assert.deepEqual((await kms.run('UntagResource', { KeyId: keyId, TagKeys: ['z'] })).changes, [])
  })

  it('may not be sent twice in a request', async () => {
    assert.deepEqual(await refused(tag('a', '1'), tag('a', '2')), {
      code: 'TagException',
      message: 'Duplicate tag keys',
    })
  })

  it('may not begin with aws: in any case', async () => {
    for (const key of ['aws:x', 'AWS:x', 'aWs:']) {
      assert.deepEqual(await refused(tag(key)), {
        code: 'TagException',
        message: 'Tags beginning with aws: are reserved',
      })
    }
    await add(tag('awsome'))
  })

  it('are at most 50 on a key', async () => {
    assert.deepEqual(await refused(...numbered(0, 51)), { code: 'TagException', message: 'Too many tags' })
    await add(...numbered(0, 30))
    await add(...numbered(10, 40))
    assert.deepEqual(await refused(tag('one more')), { code: 'TagException', message: 'Too many tags' })
    await add(tag('k49', 'replaced'))
  })

  it('take any key and value of the lengths that the model allows', async () => {
    await add(tag('k'.repeat(128), 'v'.repeat(256)), tag('\u00e4 \u{1f511}', ''), tag('__proto__', 'x'))
    assert.equal(((await listed()) as unknown[]).length, 3)
    assert.deepEqual(await refused(tag('fine'), tag('')), {
      code: 'ValidationException',
      message:
        "1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
    })
  })
})
