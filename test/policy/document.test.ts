import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePolicy } from '#policy/document.ts'

const policy = (principal: unknown): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'kms:*', Resource: '*' }],
  })
const accounts = (principal: unknown): readonly string[] | undefined =>
  parsePolicy(policy(principal))?.statements[0]?.accounts

describe('the account principal of a policy', () => {
  it('is twelve digits, or the ARN of the account in any partition', () => {
    assert.deepEqual(accounts('111122223333'), ['111122223333'])
    assert.deepEqual(accounts('arn:aws:iam::111122223333:root'), ['111122223333'])
    assert.deepEqual(accounts(['arn:aws-cn:iam::111122223333:root', '444455556666']), ['111122223333', '444455556666'])
    assert.deepEqual(accounts('arn:aws-us-gov:iam::111122223333:root'), ['111122223333'])
  })

  for (const principal of [
    '111122223333:root',
    'arn:aws:iam::111122223333',
    'arn:aws:iam::11112222333:root',
    'arn:aws:iam::111122223333:root:root',
    'arn:aws:iam::111122223333:user/root',
    'arn:aws:sts::111122223333:root',
    '1111222233334',
    ' 111122223333',
    '111122223333\n',
    '*',
    111122223333,
  ]) {
    it(`is nothing else: ${JSON.stringify(principal)}`, () => {
      assert.equal(parsePolicy(policy(principal)), undefined)
    })
  }
})
