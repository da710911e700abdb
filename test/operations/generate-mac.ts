import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMacKey, kinds, macRequest } from './macs.ts'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import { base64, createAlias, createKey, expectRecord, refuse, refuseInvalid, succeed, textOf } from './service.ts'

const Message = base64('a message')
const MacAlgorithm = 'HMAC_SHA_256'

describe('GenerateMac', () => {
  for (const [spec, algorithm, length] of kinds) {
    it(`answers the ${length} bytes of ${algorithm}, the same each time, with a key of ${spec}`, async () => {
      const key = await createMacKey(spec)
      const input = { KeyId: key.id, Message, MacAlgorithm: algorithm }
      const { json } = await succeed('GenerateMac', input)
      assert.deepEqual(Object.keys(json), ['Mac', 'MacAlgorithm', 'KeyId'])
      assert.deepEqual([json['MacAlgorithm'], json['KeyId']], [algorithm, key.arn])
      assert.equal(Buffer.from(textOf(json, 'Mac'), 'base64').length, length)
      assert.equal((await succeed('GenerateMac', input)).json['Mac'], json['Mac'])
    })

    it(`refuses the other algorithms with a key of ${spec}`, async () => {
      const key = await createMacKey(spec)
      for (const [, other] of kinds) {
        if (other === algorithm) continue
        await refuse(
          'GenerateMac',
          { KeyId: key.id, Message, MacAlgorithm: other },
          'InvalidKeyUsageException',
          `Algorithm ${other} is incompatible with key spec ${spec}.`,
        )
      }
    })
  }

  it('answers another MAC for another message or key', async () => {
    const keys = [await createMacKey(), await createMacKey()] as const
    const macOf = async (index: 0 | 1, text: string) =>
      (await succeed('GenerateMac', macRequest(keys[index], base64(text)))).json['Mac']
    const macs = [await macOf(0, 'a'), await macOf(0, 'b'), await macOf(1, 'a')]
    assert.equal(new Set(macs).size, 3)
  })

  it('takes messages of 1 byte and of 4,096 bytes', async () => {
    const key = await createMacKey()
    for (const size of [1, 4096])
      await succeed('GenerateMac', macRequest(key, Buffer.alloc(size, 7).toString('base64')))
  })

  it('refuses a message of no length and of more than 4,096 bytes, without repeating it', async () => {
    const key = await createMacKey()
    const rule = "Value at 'message' failed to satisfy constraint: Member must have length"
    await refuseInvalid('GenerateMac', macRequest(key, ''), `${rule} greater than or equal to 1`)
    const long = Buffer.alloc(4097, 7).toString('base64')
    await refuseInvalid('GenerateMac', macRequest(key, long), `${rule} less than or equal to 4096`)
  })

  it('refuses a key that is for encrypting', async () => {
    const key = await createKey()
    const message = `${key.arn} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.`
    await refuse('GenerateMac', macRequest(key, Message), 'InvalidKeyUsageException', message)
  })

  it('refuses an algorithm that there is not', async () => {
    const key = await createMacKey()
    await refuseInvalid(
      'GenerateMac',
      { KeyId: key.id, Message, MacAlgorithm: 'HMAC_MD5' },
      "Value 'HMAC_MD5' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: " +
        '[HMAC_SHA_224, HMAC_SHA_256, HMAC_SHA_384, HMAC_SHA_512]',
    )
  })

  it('records what was asked, the key as it was named, and neither message nor MAC', async () => {
    const key = await createMacKey()
    const name = await createAlias(key)
    const answered = await succeed('GenerateMac', { KeyId: name, Message, MacAlgorithm })
    await expectRecord(answered, {
      eventName: 'GenerateMac',
      readOnly: true,
      requestParameters: { keyId: name, macAlgorithm: MacAlgorithm },
      resources: [key.arn],
    })
  })

  requiredTest('GenerateMac', { Message, MacAlgorithm }, 'KeyId')
  it('refuses a request without Message or MacAlgorithm', async () => {
    const { id: KeyId } = await createMacKey()
    const missing = (path: string) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`
    await refuseInvalid('GenerateMac', { KeyId, MacAlgorithm }, missing('message'))
    await refuseInvalid('GenerateMac', { KeyId, Message }, missing('macAlgorithm'))
  })
  grantTokenTest('GenerateMac', async () => macRequest(await createMacKey(), Message))
  identifierTests({
    operation: 'GenerateMac',
    member: 'KeyId',
    create: createMacKey,
    rest: () => ({ Message, MacAlgorithm }),
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('GenerateMac', (key) => macRequest(key, Message), createMacKey)
  dryRunTests('GenerateMac', (key) => macRequest(key, Message), createMacKey)
})
