import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { policySize, refuseInlineSize, refuseManagedSize, refuseTrustSize } from '#policy/policy-size.ts'

describe('the size of policies of IAM', () => {
  it('does not count white space', () => {
    assert.equal(policySize(' { "a" :\t[\r\n1 , 2 ]\v\f} '), 11)
    assert.equal(policySize('äé'), 2)
    assert.equal(policySize(''), 0)
  })

  it('is limited for all inline policies of one user, group or role together', () => {
    const half = `${' '.repeat(5000)}${'x'.repeat(1024)}`
    assert.equal(refuseInlineSize('user', 'alice', [half, half]), undefined)
    assert.deepEqual(refuseInlineSize('user', 'alice', [half, half, 'x']), {
      code: 'LimitExceededException',
      message: 'Maximum policy size of 2048 bytes exceeded for user alice',
    })
    assert.equal(refuseInlineSize('group', 'staff', ['x'.repeat(5120)]), undefined)
    assert.deepEqual(refuseInlineSize('group', 'staff', ['x'.repeat(5121)]), {
      code: 'LimitExceededException',
      message: 'Maximum policy size of 5120 bytes exceeded for group staff',
    })
    assert.equal(refuseInlineSize('role', 'app', ['x'.repeat(10_240)]), undefined)
    assert.deepEqual(refuseInlineSize('role', 'app', ['x'.repeat(10_241)]), {
      code: 'LimitExceededException',
      message: 'Maximum policy size of 10240 bytes exceeded for role app',
    })
  })

  it('is limited for managed policies and trust policies', () => {
    assert.equal(refuseManagedSize('x'.repeat(6144)), undefined)
    assert.deepEqual(refuseManagedSize('x'.repeat(6145)), {
      code: 'LimitExceededException',
      message: 'Cannot exceed quota for PolicySize: 6144',
    })
    assert.equal(refuseTrustSize('x'.repeat(2048)), undefined)
    assert.deepEqual(refuseTrustSize('x'.repeat(2049)), {
      code: 'LimitExceededException',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    })
  })
})
