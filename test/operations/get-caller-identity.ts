import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordOf } from '../support/audit.ts'
import { presign, queryRequest, send, sign, type RawAnswer, type RawRequest } from '../support/signed-request.ts'
import { account, region, rootArn, server } from './service.ts'

const scope = { region, service: 'sts' }
const form = { Action: 'GetCallerIdentity', Version: '2011-06-15' }
const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

function ask(request: RawRequest): Promise<RawAnswer> {
  return send(server.url, sign(request, server.url, server.credentials, scope))
}

function requestIdOf(answer: RawAnswer): string {
  const requestId = answer.headers['x-amzn-requestid']
  assert.ok(requestId !== undefined)
  assert.equal(answer.headers['content-type'], 'text/xml')
  return requestId
}

function assertIdentity(answer: RawAnswer): void {
  assert.equal(answer.status, 200)
  assert.equal(
    answer.text,
    `<GetCallerIdentityResponse xmlns="${namespace}"><GetCallerIdentityResult><UserId>${account}</UserId>` +
      `<Account>${account}</Account><Arn>${rootArn}</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>` +
      `${requestIdOf(answer)}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  )
}

function assertError(answer: RawAnswer, status: number, code: string, message: string): void {
  assert.equal(answer.status, status)
  assert.equal(
    answer.text,
    `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message>` +
      `</Error><RequestId>${requestIdOf(answer)}</RequestId></ErrorResponse>`,
  )
}

describe('GetCallerIdentity', () => {
  it('answers user id, account and ARN of the root user to a form', async () => {
    assertIdentity(await ask(queryRequest(form)))
  })

  it('answers the same to a signed GET and to a presigned one', async () => {
    const target = '/?Action=GetCallerIdentity&Version=2011-06-15'
    const get = { method: 'GET', target, headers: {}, body: '' }
    assertIdentity(await ask(get))
    const presigned = presign(get, server.url, server.credentials, { ...scope, expires: 60 })
    assertIdentity(await send(server.url, presigned))
  })

  it('takes parameters that it does not know', async () => {
    assertIdentity(await ask(queryRequest({ ...form, Unknown: 'yes' })))
  })

  it('takes a signature for us-east-1 whatever Region is served', async () => {
    const signed = sign(queryRequest(form), server.url, server.credentials, { region: 'us-east-1', service: 'sts' })
    assertIdentity(await send(server.url, signed))
  })

  it('records the call', async () => {
    const answer = await ask(queryRequest(form))
    const { eventTime, eventID, ...record } = await recordOf(server.directory, requestIdOf(answer))
    assert.ok(typeof eventTime === 'string' && typeof eventID === 'string')
    assert.deepEqual(record, {
      eventVersion: '1.11',
      userIdentity: {
        type: 'Root',
        principalId: account,
        arn: rootArn,
        accountId: account,
        accessKeyId: server.credentials.accessKeyId,
      },
      eventSource: 'sts.amazonaws.com',
      eventName: 'GetCallerIdentity',
      awsRegion: region,
      sourceIPAddress: '127.0.0.1',
      requestParameters: null,
      responseElements: null,
      requestID: requestIdOf(answer),
      readOnly: true,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
    })
  })

  it('refuses a wrong signature, an unknown key and a request without signature', async () => {
    const signed = sign(queryRequest(form), server.url, server.credentials, scope)
    assertError(
      await send(server.url, { ...signed, body: `${String(signed.body)}&x=y` }),
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
        'and signing method. Consult the service documentation for details.',
    )
    const stranger = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }
    assertError(
      await send(server.url, sign(queryRequest(form), server.url, stranger, scope)),
      403,
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    )
  })

  it('tells who signed nothing, or for another service, so in its own protocol', async () => {
    const unsigned = queryRequest(form)
    assertError(
      await send(server.url, { ...unsigned, headers: { ...unsigned.headers, host: new URL(server.url).host } }),
      403,
      'MissingAuthenticationToken',
      'Missing Authentication Token',
    )
    assertError(
      await send(server.url, sign(queryRequest(form), server.url, server.credentials, { region, service: 'kms' })),
      403,
      'SignatureDoesNotMatch',
      'Credential should be scoped to correct service: &apos;sts&apos;. ',
    )
  })

  it('is no operation of another service that speaks the same protocol', async () => {
    const answer = await send(
      server.url,
      sign(queryRequest(form), server.url, server.credentials, { region, service: 'iam' }),
    )
    assert.equal(answer.status, 400)
    assert.ok(answer.text.includes('<Code>InvalidAction</Code>'), answer.text)
    assert.ok(
      answer.text.includes('<Message>Could not find operation GetCallerIdentity for version 2011-06-15</Message>'),
      answer.text,
    )
  })

  it('reads no action of a form that nobody signed, whatever it is', async () => {
    for (const parameters of [{ Action: 'Unknown', Version: '2011-06-15' }, { Version: '2010-05-08' }, {}]) {
      assertError(
        await send(server.url, queryRequest(parameters)),
        403,
        'MissingAuthenticationToken',
        'Missing Authentication Token',
      )
    }
    const signed = sign(queryRequest({ Action: 'Unknown' }), server.url, server.credentials, scope)
    const changed = await send(server.url, { ...signed, body: `${String(signed.body)}x` })
    assert.match(changed.text, /<Code>SignatureDoesNotMatch<\/Code>/)
  })

  it('repeats no more than 128 characters of an action and of a version', async () => {
    const long = queryRequest({ Action: 'A'.repeat(5000), Version: 'V'.repeat(5000) })
    assertError(
      await ask(long),
      400,
      'InvalidAction',
      `Could not find operation ${'A'.repeat(128)} for version ${'V'.repeat(128)}`,
    )
  })

  it('refuses actions and versions that there are not', async () => {
    assertError(
      await ask(queryRequest({ Action: 'Unknown', Version: '2011-06-15' })),
      400,
      'InvalidAction',
      'Could not find operation Unknown for version 2011-06-15',
    )
    assertError(
      await ask(queryRequest({ Action: 'GetCallerIdentity', Version: '2010-05-08' })),
      400,
      'InvalidAction',
      'Could not find operation GetCallerIdentity for version 2010-05-08',
    )
    assertError(
      await ask(queryRequest({ Action: 'GetCallerIdentity' })),
      400,
      'InvalidAction',
      'Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED',
    )
    assertError(await ask(queryRequest({ Version: '2011-06-15' })), 400, 'MissingAction', 'Missing Action')
  })
})
