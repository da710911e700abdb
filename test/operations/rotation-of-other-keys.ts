import { describe, it } from 'node:test'
import { refuse, succeed, textOf, type Json } from './service.ts'

describe('rotation', () => {
  it('is for symmetric keys alone', async () => {
    for (const spec of [
      { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
      { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    ]) {
      const { json } = await succeed('CreateKey', spec)
      const metadata = json['KeyMetadata'] as Json
      const KeyId = textOf(metadata, 'KeyId')
      for (const operation of [
        'EnableKeyRotation',
        'DisableKeyRotation',
        'GetKeyRotationStatus',
        'ListKeyRotations',
        'RotateKeyOnDemand',
      ] as const) {
        await refuse(operation, { KeyId }, 'UnsupportedOperationException', undefined)
      }
    }
  })
})
