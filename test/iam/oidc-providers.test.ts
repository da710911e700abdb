import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from '@aws-sdk/client-iam'
import { iamServer, newName, refused, refusalOf } from './service.ts'

const { root, server } = await iamServer()
const arnOf = (name: string): string => `arn:aws:iam::${server.account}:oidc-provider/${name}`

const create = (Url: string, more: object = {}) => root.send(new CreateOpenIDConnectProviderCommand({ Url, ...more }))

async function makeProvider(more: object = {}): Promise<string> {
  const { OpenIDConnectProviderArn: arn } = await create(`https://${newName('issuer')}.example.com`, more)
  return arn ?? assert.fail('no ARN')
}
const get = (OpenIDConnectProviderArn: string) =>
  root.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))

describe('CreateOpenIDConnectProvider', () => {
  it('makes a provider with all that was asked for', async () => {
    const name = `${newName('keycloak')}.example.com:8443/realms/main`
    const thumbprint = 'a'.repeat(40)
    const made = await create(`https://${name}`, {
      ClientIDList: ['one', 'two', 'one'],
      ThumbprintList: [thumbprint],
      Tags: [{ Key: 'team', Value: 'a' }],
    })
    assert.equal(made.OpenIDConnectProviderArn, arnOf(name))
    assert.deepEqual(made.Tags, [{ Key: 'team', Value: 'a' }])
    const { Url, ClientIDList, ThumbprintList, Tags, CreateDate } = await get(arnOf(name))
    assert.deepEqual([Url, ClientIDList, ThumbprintList, Tags], [name, ['one', 'two'], [thumbprint], made.Tags])
    assert.ok(CreateDate !== undefined && Math.abs(CreateDate.getTime() - Date.now()) < 60_000)
    const { OpenIDConnectProviderList } = await root.send(new ListOpenIDConnectProvidersCommand({}))
    assert.ok(OpenIDConnectProviderList?.some(({ Arn }) => Arn === arnOf(name)))
  })

  it('takes an issuer once', async () => {
    const url = `https://${newName('once')}.example.com`
    await create(url, { ThumbprintList: [] })
    const message = `Provider with url ${url} already exists.`
    await refused(create(url), 'EntityAlreadyExistsException', message, 409)
  })

  it('takes https, and http of this machine alone', async () => {
    await create('http://127.0.0.1:5556/dex')
    for (const url of [
      'http://issuer.example.com',
      'issuer.example.com',
      'https://',
      'https://issuer.example.com/?a=b',
      'https://issuer.example.com/#a',
      'https://user:secret@issuer.example.com',
      'ftp://issuer.example.com',
      'https://issuer.example.com/a b',
    ]) {
      await refused(create(url), 'ValidationError', 'Invalid Open ID Connect Provider URL', 400)
    }
  })

  it('takes at most five thumbprints and a hundred client ids', async () => {
    const many = makeProvider({ ThumbprintList: Array.from({ length: 6 }, (_, index) => `${index}`.repeat(40)) })
    await refused(many, 'InvalidInputException', 'Thumbprint list must contain fewer than 5 entries.', 400)
    const ids = Array.from({ length: 101 }, (_, index) => `client-${index}`)
    const message = 'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100'
    await refused(makeProvider({ ClientIDList: ids }), 'LimitExceededException', message, 409)
    const arn = await makeProvider({ ClientIDList: ids.slice(0, 100) })
    const add = new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn, ClientID: 'more' })
    await refused(root.send(add), 'LimitExceededException', message, 409)
    const [code] = await refusalOf(makeProvider({ ThumbprintList: ['short'] }))
    assert.equal(code, 'ValidationError')
  })
})

describe('an OIDC provider', () => {
  it('gains and loses client ids, each as often as it is said', async () => {
    const OpenIDConnectProviderArn = await makeProvider({ ClientIDList: ['one'] })
    for (const ClientID of ['two', 'two', 'three']) {
      await root.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }))
    }
    for (const ClientID of ['one', 'one', 'other']) {
      await root.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }))
    }
    assert.deepEqual((await get(OpenIDConnectProviderArn)).ClientIDList, ['two', 'three'])
  })

  it('loses no client id that was added at the same time as others', async () => {
    const OpenIDConnectProviderArn = await makeProvider()
    const ids = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(
      ids.map((ClientID) =>
        root.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID })),
      ),
    )
    assert.deepEqual((await get(OpenIDConnectProviderArn)).ClientIDList?.toSorted(), ids)
  })

  it('has other thumbprints', async () => {
    const OpenIDConnectProviderArn = await makeProvider({ ThumbprintList: ['a'.repeat(40)] })
    const ThumbprintList = ['b'.repeat(40), 'c'.repeat(40)]
    const update = { OpenIDConnectProviderArn, ThumbprintList }
    await root.send(new UpdateOpenIDConnectProviderThumbprintCommand(update))
    assert.deepEqual((await get(OpenIDConnectProviderArn)).ThumbprintList, ThumbprintList)
  })

  it('has tags', async () => {
    const OpenIDConnectProviderArn = await makeProvider()
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ]
    await root.send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags }))
    await root.send(new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys: ['a'] }))
    const listed = await root.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }))
    assert.deepEqual(listed.Tags, [{ Key: 'b', Value: '2' }])
  })

  it('is deleted, and deleting it again is no error', async () => {
    const OpenIDConnectProviderArn = await makeProvider()
    const remove = new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })
    await root.send(remove)
    const message = `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`
    await refused(get(OpenIDConnectProviderArn), 'NoSuchEntityException', message, 404)
    await root.send(remove)
  })

  it('is named by an ARN of a provider', async () => {
    for (const arn of ['issuer.example.com/a/b/c', `arn:aws:iam::${server.account}:role/oidc-provider`]) {
      // unverified wording
      await refused(get(arn), 'InvalidInputException', `Invalid ARN: ${arn}`, 400)
    }
  })
})
