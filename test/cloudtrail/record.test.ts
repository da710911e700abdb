import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  clientText,
  errorText,
  operationText,
  placeText,
  recordText,
  resourcesText,
  secondText,
  serviceEventText,
} from '#cloudtrail/record.ts'
import type { RecordParts } from '#cloudtrail/record.ts'
import { parseAccountId, parseRegion } from '#base/brand.ts'
import { parsed, printedSeed, seeded } from '../audit/fixtures.ts'

const account = parseAccountId('111122223333')!
const region = parseRegion('us-east-1')!

const parts: RecordParts = {
  userIdentity: '{"type":"Root","accountId":"111122223333"}',
  time: '2026-11-21T10:04:00Z',
  operation: operationText('kms.amazonaws.com', 'Encrypt', true),
  place: placeText(region, account),
  client: clientText('192.0.2.1', 'aws-cli/2.13'),
  error: '',
  requestParameters: '{"keyId":"k"}',
  responseElements: 'null',
  additionalEventData: undefined,
  requestId: '019aa5f0-0000-7000-8000-000000000001',
  eventId: 'c1a2b3c4-0000-4000-8000-000000000002',
  resources: resourcesText([{ account: '111122223333', arn: 'arn:aws:kms:us-east-1:111122223333:key/k' }]),
  tlsDetails: undefined,
}

describe('the text of a record', () => {
  it('is the CloudTrail record of version 1.11', () => {
    assert.equal(
      recordText(parts),
      '{"eventVersion":"1.11","userIdentity":{"type":"Root","accountId":"111122223333"},"eventTime":"2026-11-21T10:04:00Z","eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2.13","requestParameters":{"keyId":"k"},"responseElements":null,"requestID":"019aa5f0-0000-7000-8000-000000000001","eventID":"c1a2b3c4-0000-4000-8000-000000000002","readOnly":true,"resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:111122223333:key/k"}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}',
    )
  })

  it('equals JSON.stringify of the same object, whatever the content', () => {
    const random = seeded(printedSeed('record text'))
    const alphabet = [
      'a',
      '"',
      '\\',
      '\n',
      '\r',
      '\u0000',
      '\u001f',
      '\u007f',
      'é',
      '\u2028',
      '漢',
      '😀',
      '\ud800',
      '\udc00',
      ' ',
    ]
    const text = (length: number): string =>
      Array.from(
        { length: Math.floor(random() * length) },
        () => alphabet[Math.floor(random() * alphabet.length)]!,
      ).join('')
    for (let round = 0; round < 2000; round++) {
      const userAgent = random() < 0.9 ? text(60) : undefined
      const code = random() < 0.5 ? text(20) : undefined
      const message = code !== undefined && random() < 0.5 ? text(100) : undefined
      const encryptionContext = Object.fromEntries(Array.from({ length: 4 }, () => [text(9), text(9)]))
      const requestParameters = random() < 0.9 ? { keyId: text(20), encryptionContext } : null
      const responseElements = random() < 0.2 ? { keyId: text(20) } : null
      const additionalEventData = random() < 0.5 ? { keyMaterialId: text(64) } : undefined
      const keys = random() < 0.8 ? [{ account: text(12), arn: text(40) }] : undefined
      const tlsDetails = random() < 0.5 ? { tlsVersion: text(9), clientProvidedHostHeader: text(30) } : undefined
      const [ip, source, name] = [text(20), text(20), text(20)]
      const made = recordText({
        ...parts,
        operation: operationText(source, name, false),
        client: clientText(ip, userAgent),
        error: code === undefined ? '' : errorText(code, message),
        requestParameters: JSON.stringify(requestParameters),
        responseElements: JSON.stringify(responseElements),
        additionalEventData: additionalEventData && JSON.stringify(additionalEventData),
        resources: keys && resourcesText(keys),
        tlsDetails: tlsDetails && JSON.stringify(tlsDetails),
      })
      const expected = JSON.stringify({
        eventVersion: '1.11',
        userIdentity: { type: 'Root', accountId: '111122223333' },
        eventTime: '2026-11-21T10:04:00Z',
        eventSource: source,
        eventName: name,
        awsRegion: 'us-east-1',
        sourceIPAddress: ip,
        userAgent,
        errorCode: code,
        errorMessage: message,
        requestParameters,
        responseElements,
        additionalEventData,
        requestID: '019aa5f0-0000-7000-8000-000000000001',
        eventID: 'c1a2b3c4-0000-4000-8000-000000000002',
        readOnly: false,
        resources: keys?.map((key) => ({ accountId: key.account, type: 'AWS::KMS::Key', ARN: key.arn })),
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: '111122223333',
        eventCategory: 'Management',
        tlsDetails,
      })
      assert.equal(made, expected)
      assert.equal(made.includes('\n'), false)
    }
  })

  it('replaces a part beyond its limit by a marker that tells its size', () => {
    const large = JSON.stringify({ description: 'x'.repeat(102_383) })
    assert.equal(large.length, 102_401)
    const record = parsed(
      recordText({ ...parts, requestParameters: large, additionalEventData: `"${'y'.repeat(28_671)}"` }),
    )
    assert.deepEqual(record['requestParameters'], { omitted: '102401 bytes exceed the limit of a CloudTrail record' })
    assert.deepEqual(record['additionalEventData'], { omitted: '28673 bytes exceed the limit of a CloudTrail record' })
    assert.equal(record['responseElements'], null)
  })

  it('keeps a part that is exactly at its limit', () => {
    const large = JSON.stringify({ description: 'x'.repeat(102_382) })
    assert.equal(recordText({ ...parts, requestParameters: large }).includes(large), true)
  })

  it('counts limits in bytes of UTF-8', () => {
    const large = JSON.stringify({ description: '漢'.repeat(40_000) })
    const record = parsed(recordText({ ...parts, responseElements: large }))
    assert.deepEqual(record['responseElements'], { omitted: '120018 bytes exceed the limit of a CloudTrail record' })
  })

  it('stays below 256 KB as a whole', () => {
    const nearly = JSON.stringify('x'.repeat(100_000))
    const userIdentity = JSON.stringify({ type: 'Root', arn: 'y'.repeat(70_000) })
    const text = recordText({ ...parts, userIdentity, requestParameters: nearly, responseElements: nearly })
    assert.equal(Buffer.byteLength(text) <= 262_144, true)
    assert.deepEqual(parsed(text)['requestParameters'], {
      omitted: '100002 bytes exceed the limit of a CloudTrail record',
    })
  })

  it('cuts user agents and error messages at 1 KB between characters', () => {
    const record = parsed(
      recordText({
        ...parts,
        client: clientText('::1', 'é'.repeat(600)),
        error: errorText('C', `a${'漢'.repeat(400)}`),
      }),
    )
    assert.equal(record['userAgent'], 'é'.repeat(512))
    assert.equal(record['errorMessage'], `a${'漢'.repeat(341)}`)
  })

  it('has no user agent and no resources where there are none', () => {
    const record = parsed(recordText({ ...parts, client: clientText('::1', undefined), resources: undefined }))
    assert.equal('userAgent' in record, false)
    assert.equal('resources' in record, false)
  })
})

describe('the time of an event', () => {
  it('is UTC with the resolution of a second', () => {
    const time = secondText()
    assert.equal(time(1_795_255_440_000), '2026-11-21T10:04:00Z')
    assert.equal(time(1_795_255_440_999), '2026-11-21T10:04:00Z')
    assert.equal(time(1_795_255_441_000), '2026-11-21T10:04:01Z')
    assert.equal(time(1_795_255_440_000), '2026-11-21T10:04:00Z')
  })
})

describe('the record of a service event', () => {
  it('is an AwsServiceEvent of AWS Internal without request id', () => {
    const text = serviceEventText({
      eventName: 'DeleteKey',
      region,
      account,
      arn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      time: '2026-11-21T10:04:00Z',
      eventId: 'c1a2b3c4-0000-4000-8000-000000000002',
      serviceEventDetails: undefined,
    })
    assert.deepEqual(parsed(text), {
      eventVersion: '1.11',
      userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
      eventTime: '2026-11-21T10:04:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'DeleteKey',
      awsRegion: 'us-east-1',
      sourceIPAddress: 'AWS Internal',
      userAgent: 'AWS Internal',
      requestParameters: null,
      responseElements: null,
      eventID: 'c1a2b3c4-0000-4000-8000-000000000002',
      readOnly: false,
      resources: [
        {
          accountId: '111122223333',
          type: 'AWS::KMS::Key',
          ARN: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        },
      ],
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: '111122223333',
      eventCategory: 'Management',
    })
  })
})
