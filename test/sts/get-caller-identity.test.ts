import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sts } from '#sts/service.ts'
import { account, region } from '../support/memory-kms.ts'
import { parseRequestId } from '#base/brand.ts'

describe('GetCallerIdentity', () => {
  it('answers who signed the request', () => {
    const operation = sts.operations['GetCallerIdentity']
    const requestId = parseRequestId('01890a5d-ac96-774b-bcce-b302099a8057')
    assert.ok(operation !== undefined && requestId !== undefined)
    const handled = operation.handle(
      {
        facts: {
          requestId,
          region,
          account,
          callerArn: 'arn:aws:iam::111122223333:root',
          callerUserId: '111122223333',
          now: 0,
        },
        targets: {},
        ports: undefined,
        fail: (code) => assert.fail(code),
      },
      {},
    )
    assert.deepEqual(handled, {
      output: { UserId: '111122223333', Account: '111122223333', Arn: 'arn:aws:iam::111122223333:root' },
      changes: [],
    })
  })

  it('asks no policy, so that none can deny it', () => {
    assert.deepEqual(sts.operations['GetCallerIdentity']?.targets, [])
  })
})
