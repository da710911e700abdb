import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ListRetirableGrantsCommand } from '@aws-sdk/client-kms'
import { createUser, denied, grantTo, putPolicy } from './grants.ts'
import { pagingRefusalTests } from './rules.ts'
import { createKey, deny, expectRecord, foreignMessage, listIn, refuse, rootArn, succeed, textOf } from './service.ts'

describe('ListRetirableGrants', () => {
  it('lists the grants of all keys that the principal may retire, page by page', async () => {
    const [retiring, grantee] = [await createUser(), await createUser()]
    const more = { RetiringPrincipal: retiring.arn }
    const keys = [await createKey(), await createKey()]
    const made = await Promise.all(keys.flatMap((key) => [grantTo(grantee, key, more), grantTo(grantee, key, more)]))
    for (const key of keys) await grantTo(grantee, key)
    const found: string[] = []
    let Marker: unknown
    do {
      const input = { ...more, Limit: 3, ...(Marker === undefined ? {} : { Marker }) }
      const { json } = await succeed('ListRetirableGrants', input)
      found.push(...listIn(json, 'Grants').map((grant) => textOf(grant, 'GrantId')))
      Marker = json['NextMarker']
    } while (Marker !== undefined)
    assert.deepEqual(found.toSorted(), made.map(({ id }) => id).sort())
  })

  it('is a matter of IAM policies alone, and of the own account', async () => {
    const user = await createUser()
    const ask = () => user.kms.send(new ListRetirableGrantsCommand({ RetiringPrincipal: user.arn }))
    await assert.rejects(ask(), denied)
    await putPolicy(user, 'Allow', 'kms:ListRetirableGrants')
    assert.deepEqual((await ask()).Grants, [])
    const RetiringPrincipal = 'arn:aws:iam::444455556666:root'
    await deny('ListRetirableGrants', { RetiringPrincipal }, foreignMessage('kms:ListRetirableGrants'))
  })

  it('wants a principal', async () => {
    // unverified wordings
    await refuse(
      'ListRetirableGrants',
      {},
      'ValidationException',
      'You must specify either RetiringPrincipal or RetiringServicePrincipal.',
    )
    await refuse(
      'ListRetirableGrants',
      { RetiringServicePrincipal: 'a.example.com' },
      'ValidationException',
      'RetiringServicePrincipal can be specified only by AWS service principals.',
    )
    const RetiringPrincipal = 'somebody'
    const message = 'ARN does not refer to a valid principal: somebody'
    await refuse('ListRetirableGrants', { RetiringPrincipal }, 'InvalidArnException', message)
  })

  it('records the principal', async () => {
    await expectRecord(await succeed('ListRetirableGrants', { RetiringPrincipal: rootArn }), {
      eventName: 'ListRetirableGrants',
      readOnly: true,
      requestParameters: { retiringPrincipal: rootArn },
    })
  })

  pagingRefusalTests('ListRetirableGrants', 100, () => Promise.resolve({ RetiringPrincipal: rootArn }))
})
