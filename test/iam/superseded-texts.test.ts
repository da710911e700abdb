import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseAccountId } from '#base/brand.ts'
import type { RoleRecord } from '#records/iam.ts'
import { iamTextsSuperseded, textsSuperseded } from '#records/policy-texts.ts'

const account = parseAccountId('111122223333')
assert.ok(account !== undefined)
const role: RoleRecord = {
  kind: 'role',
  account,
  id: 'AROA12345678901234567',
  name: 'App',
  path: '/',
  creationDate: 1,
  description: '',
  maxSessionDuration: 3600,
  trustPolicy: 'trust',
  inline: [
    { name: 'a', document: 'one' },
    { name: 'b', document: 'two' },
  ],
  attached: [],
  boundary: undefined,
  tags: [],
  sessionsValidFrom: 0,
}
const kept = (text: string) => ({
  kind: 'policy text kept',
  hash: createHash('sha256').update(text).digest('hex'),
  text,
  keptAt: 7,
})

describe('texts that something else takes the place of', () => {
  it('are kept from then on, each once, and those that stay in force are not', () => {
    assert.deepEqual(textsSuperseded(['x', 'y', 'x', 'z'], ['z', 'new'], 7), [kept('x'), kept('y')])
  })

  it('are those of the entity that is changed or removed', () => {
    const changed = { ...role, trustPolicy: 'other', inline: role.inline.slice(1) }
    assert.deepEqual(iamTextsSuperseded([role], [{ kind: 'iam changed', entity: changed }], 7), [
      kept('one'),
      kept('trust'),
    ])
    assert.deepEqual(iamTextsSuperseded([role], [{ kind: 'iam removed', account, of: 'role', id: role.id }], 7), [
      kept('one'),
      kept('two'),
      kept('trust'),
    ])
    assert.deepEqual(iamTextsSuperseded([role], [{ kind: 'iam removed', account, of: 'role', id: 'another' }], 7), [])
    assert.deepEqual(iamTextsSuperseded([role], [{ kind: 'iam added', entity: role }], 7), [])
  })
})
