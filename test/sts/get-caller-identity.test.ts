import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { operations } from '#sts/service.ts'
import { MemorySts, trusts } from './memory-sts.ts'

describe('GetCallerIdentity', () => {
  it('answers who signed the request', async () => {
    const sts = new MemorySts()
    const alice = sts.addUser('alice')
    const role = sts.addRole('target', trusts(alice.id))
    const form = { RoleArn: 'arn:aws:iam::111122223333:role/target', RoleSessionName: 'work' }
    const session = await sts.bearer(await sts.call('AssumeRole', await sts.user(alice), form))
    const cases = [
      [await sts.root(), '111122223333', 'arn:aws:iam::111122223333:root'],
      [await sts.user(alice), alice.id, 'arn:aws:iam::111122223333:user/alice'],
      [session, `${role.id}:work`, 'arn:aws:sts::111122223333:assumed-role/target/work'],
    ] as const
    for (const [caller, UserId, Arn] of cases) {
      const { output } = await sts.call('GetCallerIdentity', caller, {})
      assert.deepEqual(output, { UserId, Account: '111122223333', Arn })
    }
  })

  it('asks no policy, so that none can deny it', () => {
    assert.deepEqual(operations.GetCallerIdentity.targets, [])
  })
})
