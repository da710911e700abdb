/** GenerateDataKeyPairWithoutPlaintext: a fresh key pair for use outside, whose private key nobody has seen yet. */
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { makeDataKeyPair, pairQuota } from '../key/data-key-pair.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DataKeyPairSpec, DryRunType, EncryptionContextType, GrantTokenList } from '../members.ts'
import { KeyIdType, KeyMaterialIdType, PublicKeyType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GenerateDataKeyPairWithoutPlaintext = readOperation({
  name: 'GenerateDataKeyPairWithoutPlaintext',
  effect: 'read',
  input: {
    EncryptionContext: optional(EncryptionContextType),
    KeyId: KeyIdType,
    KeyPairSpec: DataKeyPairSpec,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: {
    PrivateKeyCiphertextBlob: CiphertextType,
    PublicKey: PublicKeyType,
    KeyId: KeyIdType,
    KeyPairSpec: DataKeyPairSpec,
    KeyMaterialId: KeyMaterialIdType,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GenerateDataKeyPairWithoutPlaintext',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'data keys',
    }),
  },
  conditions: [
    'kms:DataKeyPairSpec',
    'kms:EncryptionAlgorithm',
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:RequestAlias',
  ],
  grantable: ['GenerateDataKeyPairWithoutPlaintext'],
  dryRun: true,
  quota: 'GenerateDataKeyPair-RSA_2048',
  quotaFor: pairQuota,
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
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: true,
    request: ['KeyId', 'KeyPairSpec', 'EncryptionContext'],
    response: [],
    additional: (_targets, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId }),
  },
  handle({ targets: { key }, facts, ports, fail }, input) {
    return after(
      makeDataKeyPair(key, input, facts, ports, fail),
      ({ publicKey, privateKey, ciphertext, materialId }) => {
        privateKey.destroy()
        return {
          PrivateKeyCiphertextBlob: ciphertext,
          PublicKey: publicKey,
          KeyId: key.arn,
          KeyPairSpec: input.KeyPairSpec,
          KeyMaterialId: materialId,
        }
      },
    )
  },
})
