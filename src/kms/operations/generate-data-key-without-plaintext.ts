/** GenerateDataKeyWithoutPlaintext: a fresh data key, encrypted only, for somebody who may decrypt it later. */
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { canonicalContext } from '../key/context.ts'
import { makeDataKey, refuseDataKeySize } from '../key/data-key.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DataKeySpec, DryRunType, EncryptionContextType, GrantTokenList } from '../members.ts'
import { KeyIdType, KeyMaterialIdType, NumberOfBytesType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GenerateDataKeyWithoutPlaintext = readOperation({
  name: 'GenerateDataKeyWithoutPlaintext',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    EncryptionContext: optional(EncryptionContextType),
    KeySpec: optional(DataKeySpec),
    NumberOfBytes: optional(NumberOfBytesType),
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: {
    CiphertextBlob: CiphertextType,
    KeyId: KeyIdType,
    KeyMaterialId: KeyMaterialIdType,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GenerateDataKeyWithoutPlaintext',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'data keys',
    }),
  },
  check: refuseDataKeySize,
  conditions: ['kms:EncryptionAlgorithm', 'kms:EncryptionContext', 'kms:EncryptionContextKeys', 'kms:RequestAlias'],
  grantable: ['GenerateDataKeyWithoutPlaintext'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'DryRunOperationException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
  ],
  audit: {
    readOnly: true,
    request: ['KeyId', 'KeySpec', 'NumberOfBytes', 'EncryptionContext'],
    response: [],
    additional: (_targets, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId }),
  },
  handle({ targets: { key }, ports, fail }, input) {
    const context = canonicalContext(input.EncryptionContext, fail)
    return after(makeDataKey(key, input, context, ports), ({ plaintext, ciphertext, materialId }) => {
      plaintext.destroy()
      return { CiphertextBlob: ciphertext, KeyId: key.arn, KeyMaterialId: materialId }
    })
  },
})
