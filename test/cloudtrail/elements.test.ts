import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SecretBytes } from '#base/secret-bytes.ts'
import { dateText, elementName, elementText } from '#cloudtrail/elements.ts'

describe('dates inside elements', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['2022-08-10T22:38:27Z', 'Aug 10, 2022, 10:38:27 PM'],
    ['2026-01-02T00:00:00Z', 'Jan 2, 2026, 12:00:00 AM'],
    ['2026-12-31T12:05:09.999Z', 'Dec 31, 2026, 12:05:09 PM'],
    ['2026-05-09T09:59:01Z', 'May 9, 2026, 9:59:01 AM'],
  ]
  for (const [iso, text] of cases) it(`renders ${iso} as ${text}`, () => assert.equal(dateText(new Date(iso)), text))
})

describe('names of elements', () => {
  it('change their first letter only', () => {
    assert.equal(elementName('KeyId'), 'keyId')
    assert.equal(elementName('AWSAccountId'), 'aWSAccountId')
    assert.equal(elementName(''), '')
  })

  it('change through structures and lists, but not in maps', () => {
    const value = {
      KeyMetadata: { AWSAccountId: '1', CreationDate: new Date(0), Enabled: true, Description: undefined },
      Tags: [{ TagKey: 'A', TagValue: 'B' }],
      EncryptionContext: new Map([
        ['Purpose', 'Test'],
        ['__proto__', 'X'],
      ]),
      GrantTokens: ['Abc'],
      Limit: 5,
      Marker: null,
    }
    assert.equal(
      elementText(value),
      '{"keyMetadata":{"aWSAccountId":"1","creationDate":"Jan 1, 1970, 12:00:00 AM","enabled":true},"tags":[{"tagKey":"A","tagValue":"B"}],"encryptionContext":{"Purpose":"Test","__proto__":"X"},"grantTokens":["Abc"],"limit":5,"marker":null}',
    )
  })

  it('render nothing as null', () => {
    assert.equal(elementText(undefined), 'null')
  })
})

describe('secrets', () => {
  it('are left out of structures, and shown nowhere', () => {
    const secret = new SecretBytes(Buffer.from('hush'))
    assert.equal(elementText({ AccessKey: { Id: 'a', SecretAccessKey: secret } }), '{"accessKey":{"id":"a"}}')
    assert.equal(elementText([secret]), '[null]')
  })
})
