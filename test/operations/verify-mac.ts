import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMacKey, kinds, macRequest } from './macs.ts'
import { dryRunTests, enabledOnlyTests, grantTokenTest, identifierTests, requiredTest } from './rules.ts'
import {
  base64,
  createKey,
  expectRecord,
  refuse,
  refuseInvalid,
  succeed,
  textOf,
  type Json,
  type Key,
} from './service.ts'

const Message = base64('a message')
const MacAlgorithm = 'HMAC_SHA_256'

async function macOf(key: Key): Promise<string> {
  return textOf((await succeed('GenerateMac', macRequest(key, Message))).json, 'Mac')
}

const request = async (key: Key): Promise<Json> => ({ ...macRequest(key, Message), Mac: await macOf(key) })

describe('VerifyMac', () => {
  for (const [spec, algorithm] of kinds) {
    it(`finds a MAC of ${algorithm} valid`, async () => {
      const key = await createMacKey(spec)
      const input = { KeyId: key.id, Message, MacAlgorithm: algorithm }
      const { json: made } = await succeed('GenerateMac', input)
      const { json } = await succeed('VerifyMac', { ...input, Mac: made['Mac'] })
      assert.deepEqual(json, { KeyId: key.arn, MacValid: true, MacAlgorithm: algorithm })
      assert.deepEqual(Object.keys(json), ['KeyId', 'MacValid', 'MacAlgorithm'])
    })
  }

  it('refuses every MAC with a bit changed, cut or longer, and never answers false', async () => {
    const key = await createMacKey()
    const mac = Buffer.from(await macOf(key), 'base64')
    const wrong = Array.from({ length: 32 }, (_, index) => {
      const changed = Buffer.from(mac)
      changed[index] = (changed[index] ?? 0) ^ 1
      return changed
    })
    for (const Mac of [...wrong, mac.subarray(0, 31), mac.subarray(0, 1), Buffer.concat([mac, Buffer.alloc(1)])]) {
      const input = { ...macRequest(key, Message), Mac: Mac.toString('base64') }
      await refuse('VerifyMac', input, 'KMSInvalidMacException')
    }
  })

  it('refuses the MAC of another message or another key', async () => {
    const key = await createMacKey()
    const Mac = await macOf(key)
    await refuse('VerifyMac', { ...macRequest(key, base64('another')), Mac }, 'KMSInvalidMacException')
    await refuse('VerifyMac', { ...macRequest(await createMacKey(), Message), Mac }, 'KMSInvalidMacException')
  })

  it('answers a dry run with a wrong MAC as what it is', async () => {
    const key = await createMacKey()
    const input = { ...macRequest(key, Message), Mac: base64('wrong'), DryRun: true }
    await refuse('VerifyMac', input, 'KMSInvalidMacException')
  })

  it('refuses an algorithm of another key spec, and a key that is for encrypting', async () => {
    const key = await createMacKey()
    await refuse(
      'VerifyMac',
      { ...(await request(key)), MacAlgorithm: 'HMAC_SHA_512' },
      'InvalidKeyUsageException',
      'Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.',
    )
    const other = await createKey()
    await refuse(
      'VerifyMac',
      { ...macRequest(other, Message), Mac: base64('any') },
      'InvalidKeyUsageException',
      `${other.arn} key usage is ENCRYPT_DECRYPT which is not valid for VerifyMac.`,
    )
  })

  it('refuses a message or MAC of the wrong length', async () => {
    const key = await createMacKey()
    const rule = 'failed to satisfy constraint: Member must have length'
    const input = await request(key)
    await refuseInvalid('VerifyMac', { ...input, Message: '' }, `Value at 'message' ${rule} greater than or equal to 1`)
    await refuseInvalid('VerifyMac', { ...input, Mac: '' }, `Value at 'mac' ${rule} greater than or equal to 1`)
    const Mac = Buffer.alloc(6145).toString('base64')
    await refuseInvalid('VerifyMac', { ...input, Mac }, `Value at 'mac' ${rule} less than or equal to 6144`)
  })

  it('records success and failure', async () => {
    const key = await createMacKey()
    const recorded = {
      eventName: 'VerifyMac',
      readOnly: true,
      requestParameters: { keyId: key.id, macAlgorithm: MacAlgorithm },
      resources: [key.arn],
    }
    await expectRecord(await succeed('VerifyMac', await request(key)), recorded)
    const input = { ...macRequest(key, Message), Mac: base64('wrong') }
    const refused = await refuse('VerifyMac', input, 'KMSInvalidMacException')
    await expectRecord(refused, { ...recorded, errorCode: 'KMSInvalidMacException' })
  })

  requiredTest('VerifyMac', { Message, MacAlgorithm, Mac: base64('any') }, 'KeyId')
  grantTokenTest('VerifyMac', async () => await request(await createMacKey()))
  const macs = new Map<string, string>()
  identifierTests({
    operation: 'VerifyMac',
    member: 'KeyId',
    create: async () => {
      const key = await createMacKey()
      macs.set(key.id, await macOf(key))
      return key
    },
    rest: ({ id }) => ({ Message, MacAlgorithm, Mac: macs.get(id) }),
    aliases: true,
    knowsInvalidArn: false,
    answered: (answer) => answer['KeyId'],
  })
  enabledOnlyTests('VerifyMac', request, createMacKey)
  dryRunTests('VerifyMac', request, createMacKey)
})
