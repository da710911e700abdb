import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { denialMessage } from '#aws/denial.ts'
import type { Decision, Layer } from '#policy/question.ts'
import { ask, bob } from './questions.ts'

type Denial = Extract<Decision, { readonly allowed: false }>
const arn = 'arn:aws:iam::111122223333:user/Alice'
const start =
  'User: arn:aws:iam::111122223333:user/Alice is not authorized to perform: kms:Decrypt on resource: ' +
  'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'

const denial = (because: Denial['because'], layer: Layer): Denial => ({
  allowed: false,
  because,
  layer,
  statement: undefined,
  grantsWanted: false,
})

describe('what the caller is told of a denial', () => {
  const rows: readonly (readonly [Denial['because'], Layer, string])[] = [
    ['missing allow', 'identity policy', ' because no identity-based policy allows the kms:Decrypt action'],
    ['missing allow', 'key policy', ' because no resource-based policy allows the kms:Decrypt action'],
    ['missing allow', 'permissions boundary', ' because no permissions boundary allows the kms:Decrypt action'],
    ['missing allow', 'session policy', ' because no session policy allows the kms:Decrypt action'],
    ['missing allow', 'endpoint policy', ' because no VPC endpoint policy allows the kms:Decrypt action'],
    ['missing allow', 'trust policy', ' because no role trust policy allows the kms:Decrypt action'],
    ['missing allow', 'service control policy', ' with an explicit deny in a service control policy'],
    ['explicit deny', 'service control policy', ' with an explicit deny in a service control policy'],
    ['explicit deny', 'resource control policy', ' with an explicit deny in a resource control policy'],
    ['explicit deny', 'identity policy', ' with an explicit deny in an identity-based policy'],
    ['explicit deny', 'key policy', ' with an explicit deny in a resource-based policy'],
    ['explicit deny', 'trust policy', ' with an explicit deny in the role trust policy'],
    ['explicit deny', 'permissions boundary', ' with an explicit deny in a permissions boundary'],
    ['explicit deny', 'session policy', ' with an explicit deny in a sessions policy'],
    ['explicit deny', 'endpoint policy', ' with an explicit deny in a VPC endpoint policy'],
    ['error', 'key policy', ''],
  ]
  for (const [because, layer, tail] of rows) {
    it(`names the ${layer} (${because})`, () => {
      const refused = denialMessage(arn, ask([]), denial(because, layer))
      assert.equal(refused.code, 'AccessDeniedException')
      assert.equal(refused.message, start + tail)
    })
  }

  it('is the same of every resource of another account, so that it tells nothing', () => {
    for (const because of ['explicit deny', 'missing allow', 'local only', 'error'] as const) {
      for (const layer of ['key policy', 'identity policy', 'service control policy'] as const) {
        const { message } = denialMessage(arn, ask([], { subject: bob }), denial(because, layer))
        assert.equal(
          message,
          'User: arn:aws:iam::111122223333:user/Alice is not authorized to perform: kms:Decrypt on this resource because ' +
            'the resource does not exist in this Region, no resource-based policies allow access, or a resource-based ' +
            'policy explicitly denies access',
        )
      }
    }
  })
})
