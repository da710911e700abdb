import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createUser, grantTo } from './grants.ts'
import { anyStateTest, identifierTests, pagingRefusalTests, requiredTest } from './rules.ts'
import {
  createKey,
  expectRecord,
  listIn,
  refuse,
  rootArn,
  succeed,
  textOf,
  type Answered,
  type Json,
} from './service.ts'

const list = (input: Json): Promise<Answered> => succeed('ListGrants', input)
const ids = ({ json }: Answered): string[] => listIn(json, 'Grants').map((grant) => textOf(grant, 'GrantId'))

describe('ListGrants', () => {
  it('shows a grant with all it was given, and one without a name with an empty one', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const bare = await grantTo(user, key)
    const { json } = await list({ KeyId: key.id })
    const [{ CreationDate, ...shown } = {}] = listIn(json, 'Grants')
    assert.ok(typeof CreationDate === 'number' && Math.abs(CreationDate - Date.now() / 1000) < 60)
    assert.deepEqual(shown, {
      KeyId: key.arn,
      GrantId: bare.id,
      Name: '',
      GranteePrincipal: user.arn,
      IssuingAccount: rootArn,
      Operations: ['Decrypt'],
    })
    const full = await grantTo(user, key, {
      Name: 'full',
      RetiringPrincipal: rootArn,
      Constraints: { EncryptionContextSubset: { a: 'b' } },
    })
    const [second] = listIn((await list({ KeyId: key.id, GrantId: full.id })).json, 'Grants')
    assert.deepEqual(second, {
      ...shown,
      CreationDate: second?.['CreationDate'],
      GrantId: full.id,
      Name: 'full',
      RetiringPrincipal: rootArn,
      Constraints: { EncryptionContextSubset: { a: 'b' } },
    })
  })

  it('lists page by page, and only those of a grantee or of an id', async () => {
    const [one, two, key] = [await createUser(), await createUser(), await createKey()]
    const ofOne = [await grantTo(one, key), await grantTo(one, key), await grantTo(one, key)].map(({ id }) => id).sort()
    const ofTwo = (await grantTo(two, key)).id
    assert.deepEqual(ids(await list({ KeyId: key.arn })), [...ofOne, ofTwo].sort())
    const first = await list({ KeyId: key.id, GranteePrincipal: one.arn, Limit: 2 })
    assert.equal(first.json['Truncated'], true)
    const Marker = textOf(first.json, 'NextMarker')
    const rest = await list({ KeyId: key.id, GranteePrincipal: one.arn, Limit: 2, Marker })
    assert.deepEqual([ids(first), ids(rest), rest.json['Truncated']], [ofOne.slice(0, 2), ofOne.slice(2), false])
    assert.deepEqual(ids(await list({ KeyId: key.id, GrantId: ofTwo })), [ofTwo])
    assert.deepEqual(ids(await list({ KeyId: key.id, GrantId: ofTwo, GranteePrincipal: one.arn })), [])
    assert.deepEqual(ids(await list({ KeyId: key.id, GrantId: '0'.repeat(64) })), [])
    // unverified wording
    await refuse('ListGrants', { KeyId: key.id, Marker }, 'InvalidMarkerException', 'The marker is not valid.')
  })

  it('refuses an id that no grant has', async () => {
    const KeyId = (await createKey()).id
    // unverified wording
    await refuse('ListGrants', { KeyId, GrantId: 'x' }, 'InvalidGrantIdException', "Invalid grant ID 'x'")
  })

  it('records what was asked for', async () => {
    const key = await createKey()
    await expectRecord(await list({ KeyId: key.id, Limit: 7 }), {
      eventName: 'ListGrants',
      readOnly: true,
      requestParameters: { keyId: key.id, limit: 7 },
      resources: [key.arn],
    })
  })

  requiredTest('ListGrants', {}, 'KeyId')
  anyStateTest('ListGrants')
  pagingRefusalTests('ListGrants', 100, async () => ({ KeyId: (await createKey()).id }))
  identifierTests({ operation: 'ListGrants', member: 'KeyId', rest: () => ({}), aliases: false, knowsInvalidArn: true })
})
