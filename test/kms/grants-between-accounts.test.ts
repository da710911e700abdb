import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { account, MemoryKms, otherAccount } from '../support/memory-kms.ts'

describe('keys of another account', () => {
  const setup = async (answers: 'at once' | 'later') => {
    const kms = new MemoryKms(answers)
    const keyId = await kms.createKey()
    const { output } = await kms.run('Encrypt', { KeyId: keyId, Plaintext: 'YQ==' })
    return { kms, keyId, CiphertextBlob: (output['CiphertextBlob'] as Buffer).toString('base64') }
  }

  for (const answers of ['at once', 'later'] as const) {
    it(`are found by the ciphertext they made, with and without their bare id (ports answer ${answers})`, async () => {
      const { kms, keyId, CiphertextBlob } = await setup(answers)
      const arn = `arn:aws:kms:eu-central-1:${account}:key/${keyId}`
      for (const naming of [{}, { KeyId: keyId }, { KeyId: arn }]) {
        const { output } = await kms.run('Decrypt', { CiphertextBlob, ...naming }, otherAccount)
        assert.equal(output['KeyId'], arn)
      }
      const { changes } = await kms.run('CreateKey', {}, otherAccount)
      const [own] = changes
      assert.ok(own?.kind === 'key added')
      const { output } = await kms.run('ReEncrypt', { CiphertextBlob, DestinationKeyId: own.key.keyId }, otherAccount)
      assert.deepEqual(
        [output['SourceKeyId'], output['KeyId']],
        [arn, `arn:aws:kms:eu-central-1:${otherAccount}:key/${own.key.keyId}`],
      )
    })
  }

  it('are not found by a bare id without their ciphertext', async () => {
    const { kms, keyId } = await setup('at once')
    assert.deepEqual(await kms.refusal('DescribeKey', { KeyId: keyId }, otherAccount), {
      code: 'NotFoundException',
      message: `Key 'arn:aws:kms:eu-central-1:${otherAccount}:key/${keyId}' does not exist`,
    })
  })

  it('can have grants that their own account did not make', async () => {
    const { kms, keyId } = await setup('at once')
    const KeyId = `arn:aws:kms:eu-central-1:${account}:key/${keyId}`
    const GranteePrincipal = `arn:aws:iam::${otherAccount}:root`
    const input = { KeyId, GranteePrincipal, Operations: ['Decrypt'], Name: 'n' }
    await kms.run('CreateGrant', input, otherAccount)
    await kms.run('CreateGrant', input)
    const { output } = await kms.run('ListGrants', { KeyId: keyId })
    const issuers = (output['Grants'] as readonly { IssuingAccount: string }[]).map((grant) => grant.IssuingAccount)
    assert.deepEqual(issuers.sort(), [`arn:aws:iam::${account}:root`, `arn:aws:iam::${otherAccount}:root`])
  })

  it('does not tell a stranger whether it has a grant', async () => {
    const { kms, keyId } = await setup('at once')
    const GrantId = '0'.repeat(64)
    const missing = `arn:aws:kms:eu-central-1:${account}:key/00000000-0000-4000-8000-000000000000`
    const [one, two] = [
      await kms.refusal(
        'RetireGrant',
        { KeyId: `arn:aws:kms:eu-central-1:${account}:key/${keyId}`, GrantId },
        otherAccount,
      ),
      await kms.refusal('RetireGrant', { KeyId: missing, GrantId }, otherAccount),
    ]
    assert.equal(one.code, 'AccessDeniedException')
    assert.deepEqual(one, two)
  })
})
