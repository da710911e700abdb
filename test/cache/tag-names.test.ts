import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryIdentities, role, roleSession } from './memory-identities.ts'

describe('tags of a session', () => {
  it('take the place of those of the role that differ in case only, and of no others', async () => {
    const memory = new MemoryIdentities()
    memory.add(role({ tags: [{ TagKey: 'Kind', TagValue: 'low' }] }))
    const kindOf = async (TagKey: string): Promise<unknown> => {
      const issued = memory.issue(roleSession({ tags: [{ TagKey, TagValue: 'high' }] }))
      return (await memory.temporary(issued))?.caller.context.value('aws:principaltag/kind')
    }
    assert.equal(await kindOf('KIND'), 'high')
    // KELVIN SIGN, whose lower-case form is a k: conditions on aws:TagKeys did not see "kind" in it.
    assert.equal(await kindOf('\u212aind'), 'low')
  })
})

describe('sessions in the cache', () => {
  it('are fewer when they bring policies of their own', async () => {
    const memory = new MemoryIdentities('at once', 100)
    memory.add(role())
    const filler = `{"Version":"2012-10-17","Statement":[{"Sid":"${'a'.repeat(1800)}","Effect":"Allow","Action":"*","Resource":"*"}]}`
    const readsAgain = async (session: ReturnType<typeof roleSession>): Promise<boolean> => {
      const issued = Array.from({ length: 40 }, () => memory.issue(session))
      for (const one of issued) await memory.temporary(one)
      const before = memory.opened.length
      const [first] = issued
      assert.ok(first !== undefined)
      await memory.temporary(first)
      return memory.opened.length > before
    }
    assert.equal(await readsAgain(roleSession()), false)
    assert.equal(await readsAgain(roleSession({ policies: { documents: [filler], arns: [] } })), true)
  })
})
