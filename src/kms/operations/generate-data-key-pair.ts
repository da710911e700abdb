/**
 * GenerateDataKeyPair: a fresh key pair for use outside, its private key in plaintext and encrypted under a KMS key. It is
 * kept nowhere.
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { makeDataKeyPair, pairQuota } from '../key/data-key-pair.ts'
import { attested, recipientData, sealFor } from '../key/recipient.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DataKeyPairSpec, DryRunType, EncryptionContextType, GrantTokenList } from '../members.ts'
import { KeyIdType, KeyMaterialIdType, PlaintextType, PublicKeyType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GenerateDataKeyPair = readOperation({
  name: 'GenerateDataKeyPair',
  effect: 'read',
  input: {
    EncryptionContext: optional(EncryptionContextType),
    KeyId: KeyIdType,
    KeyPairSpec: DataKeyPairSpec,
    GrantTokens: optional(GrantTokenList),
    Recipient: optional(RecipientInfo),
    DryRun: optional(DryRunType),
  },
  output: {
    PrivateKeyCiphertextBlob: CiphertextType,
    PrivateKeyPlaintext: optional(secret(PlaintextType)),
    PublicKey: PublicKeyType,
    KeyId: KeyIdType,
    KeyPairSpec: DataKeyPairSpec,
    CiphertextForRecipient: optional(CiphertextType),
    KeyMaterialId: optional(KeyMaterialIdType),
  },
  targets: {
    key: attested(
      keyIn('KeyId', {
        action: 'kms:GenerateDataKeyPair',
        aliases: true,
        crossAccount: true,
        states: 'enabled',
        usage: 'data keys',
      }),
    ),
  },
  conditions: [
    'kms:DataKeyPairSpec',
    'kms:EncryptionAlgorithm',
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:RecipientAttestation',
    'kms:RequestAlias',
  ],
  grantable: ['GenerateDataKeyPair'],
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
    additional: ({ key }, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId, ...recipientData(key) }),
  },
  handle({ targets: { key }, facts, ports, fail }, input) {
    return after(
      makeDataKeyPair(key, input, facts, ports, fail),
      ({ publicKey, privateKey, ciphertext, materialId }) => ({
        PrivateKeyCiphertextBlob: ciphertext,
        PublicKey: publicKey,
        KeyId: key.arn,
        KeyPairSpec: input.KeyPairSpec,
        ...(key.recipient === undefined
          ? { PrivateKeyPlaintext: privateKey, KeyMaterialId: materialId }
          : { CiphertextForRecipient: sealFor(key.recipient, privateKey, ports.random, materialId) }),
      }),
    )
  },
})
