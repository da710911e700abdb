import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultRate, quotas, type QuotaName } from '#kms/quota.ts'
import { operations } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

describe('request quotas', () => {
  it('share one bucket among symmetric cryptographic operations', () => {
    const shared = Object.values(operations)
      .filter(({ quota }) => quota === 'cryptographic-symmetric')
      .map(({ name }) => name)
    assert.deepEqual(shared.sort(), [
      'Decrypt',
      'Encrypt',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateMac',
      'GenerateRandom',
      'ReEncrypt',
      'VerifyMac',
    ])
  })

  it('are those of the key for signatures', async () => {
    const counted = async (KeySpec: string): Promise<string | undefined> => {
      const kms = new MemoryKms()
      const keyId = await kms.createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' })
      const record = [...kms.keys.values()].find((key) => key.keyId === keyId)
      return operations.Sign.quotaFor?.({}, { key: { record } })
    }
    assert.equal(await counted('RSA_2048'), 'cryptographic-rsa')
    assert.equal(await counted('ECC_NIST_P384'), 'cryptographic-ecc')
    assert.equal(await counted('ECC_NIST_EDWARDS25519'), 'cryptographic-ecc')
    assert.equal(await counted('ML_DSA_44'), 'cryptographic-ml-dsa')
  })

  it('depend on the region for these only', () => {
    assert.equal(defaultRate('cryptographic-symmetric', 'us-east-1'), 100_000)
    assert.equal(defaultRate('cryptographic-symmetric', 'eu-central-1'), 20_000)
    assert.equal(defaultRate('cryptographic-symmetric', 'sa-east-1'), 10_000)
    const names = Object.keys(quotas) as QuotaName[]
    const dependent = names.filter((name) => defaultRate(name, 'us-east-1') !== defaultRate(name, 'sa-east-1'))
    assert.deepEqual(dependent, ['cryptographic-symmetric'])
  })

  it('are those of AWS', () => {
    const expected: readonly (readonly [QuotaName, number])[] = [
      ['DescribeKey', 2000],
      ['GetKeyPolicy', 1000],
      ['ListKeys', 500],
      ['ListKeyPolicies', 100],
      ['ScheduleKeyDeletion', 15],
      ['TagResource', 10],
      ['CreateKey', 5],
      ['GetParametersForImport', 1],
      ['GenerateDataKeyPair-RSA_3072', 4],
    ]
    for (const [name, rate] of expected) assert.equal(defaultRate(name, 'eu-west-1'), rate, name)
  })
})
