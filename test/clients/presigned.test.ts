/** Proofs of identity that others carry: presigned requests as EKS, and signed forms as Vault, send them to STS. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { allRecords } from '../support/audit.ts'
import { account, startServer } from '../support/server.ts'
import { presign, queryRequest, send, sign, type RawAnswer, type RawRequest } from '../support/signed-request.ts'

const minute = 60_000

describe('proofs of identity', async () => {
  const server = await startServer()
  const scope = { region: 'us-east-1', service: 'sts' }
  const get = (headers: Readonly<Record<string, string>> = {}): RawRequest => ({
    method: 'GET',
    target: '/?Action=GetCallerIdentity&Version=2011-06-15',
    headers,
    body: '',
  })
  const token = (request: RawRequest, ageMs = 0, expires = 60): RawRequest =>
    presign(request, server.url, server.credentials, { ...scope, time: new Date(Date.now() - ageMs), expires })
  const ask = (request: RawRequest): Promise<RawAnswer> => send(server.url, request)
  const refused = async (request: RawRequest, code: string, message: RegExp): Promise<void> => {
    const { status, text } = await ask(request)
    assert.equal(status, 403, text)
    assert.equal(/<Code>(.*)<\/Code>/.exec(text)?.[1], code)
    assert.match(/<Message>(.*)<\/Message>/.exec(text)?.[1] ?? '', message)
  }
  const mismatch = /^The request signature we calculated does not match the signature you provided\./

  it('takes a token of EKS: a presigned GET with the cluster in a signed header', async () => {
    const { status, text } = await ask(token(get({ 'x-k8s-aws-id': 'a-cluster' })))
    assert.equal(status, 200, text)
    assert.ok(text.includes(`<Arn>arn:aws:iam::${account}:root</Arn>`))
  })

  it('takes a token for fifteen minutes, whatever it says about its end, and not longer', async () => {
    const request = get({ 'x-k8s-aws-id': 'a-cluster' })
    assert.equal((await ask(token(request, 14 * minute))).status, 200)
    await refused(
      token(request, 16 * minute),
      'SignatureDoesNotMatch',
      /^Signature expired: \d{8}T\d{6}Z is now earlier than/,
    )
    await refused(token(request, 16 * minute, 86_400), 'SignatureDoesNotMatch', /^Signature expired: /)
    await refused(token(request, -16 * minute), 'SignatureDoesNotMatch', /^Signature not yet current: /)
  })

  it('refuses a token for another cluster, without one, and with other parameters', async () => {
    const signed = token(get({ 'x-k8s-aws-id': 'a-cluster' }))
    await refused({ ...signed, headers: { 'x-k8s-aws-id': 'other' } }, 'SignatureDoesNotMatch', mismatch)
    await refused({ ...signed, headers: {} }, 'SignatureDoesNotMatch', mismatch)
    const longer = { ...signed, target: signed.target.replace('Expires=60', 'Expires=90') }
    await refused(longer, 'SignatureDoesNotMatch', mismatch)
    const added = { ...signed, target: `${signed.target}&DurationSeconds=1` }
    await refused(added, 'SignatureDoesNotMatch', mismatch)
    const form = queryRequest({ Action: 'GetCallerIdentity', Version: '2011-06-15' })
    const posted = { ...form, target: signed.target, headers: { ...form.headers, ...signed.headers } }
    await refused(posted, 'SignatureDoesNotMatch', mismatch)
  })

  it('takes a form with further signed headers, as Vault sends it', async () => {
    const form = queryRequest({ Action: 'GetCallerIdentity', Version: '2011-06-15' })
    const headers = { ...form.headers, 'X-Vault-AWS-IAM-Server-ID': 'vault.example.com' }
    const signed = sign({ ...form, headers }, server.url, server.credentials, scope)
    assert.equal((await ask(signed)).status, 200)
    const elsewhere = { ...signed, headers: { ...signed.headers, 'X-Vault-AWS-IAM-Server-ID': 'evil.example.com' } }
    await refused(elsewhere, 'SignatureDoesNotMatch', mismatch)
  })

  it('takes the form of the SDK', async () => {
    const { Arn } = await server.sts().send(new GetCallerIdentityCommand({}))
    assert.equal(Arn, `arn:aws:iam::${account}:root`)
  })

  it('records who was identified, and nothing of refused proofs', async () => {
    const before = allRecords(server.directory).length
    await ask(token(get(), 16 * minute))
    assert.equal(allRecords(server.directory).length, before)
    await ask(token(get()))
    const records = allRecords(server.directory)
    assert.equal(records.length, before + 1)
    assert.ok(records.at(-1)?.includes('"eventName":"GetCallerIdentity"'))
    assert.equal(
      records.some((record) => record.includes('X-Amz-Signature')),
      false,
    )
  })
})
