import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { operations } from '#kms/service.ts'
import { account, MemoryKms, rootFacts } from '../support/memory-kms.ts'

describe('what a change says it has seen', () => {
  it('is where the row is and its revision, and nothing else of it', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey({ Description: 'not to be sent along' })
    await kms.run('CreateAlias', { AliasName: 'alias/seen', TargetKeyId: keyId })
    const facts = rootFacts(account, 0)
    const seenBy = (name: 'DisableKey' | 'DeleteAlias', input: Readonly<Record<string, unknown>>): unknown[] =>
      operations[name].targets.map((target) => target.seen?.(target.resolve(input, facts, kms.ports)))
    const place = { region: 'eu-central-1', account: '111122223333' }
    assert.deepEqual(seenBy('DisableKey', { KeyId: keyId }), [{ kind: 'key', place, keyId, rev: 1 }])
    assert.deepEqual(seenBy('DeleteAlias', { AliasName: 'alias/seen' }), [
      { kind: 'alias', place, name: 'alias/seen', rev: 2 },
      { kind: 'key', place, keyId, rev: 1 },
    ])
  })
})
