/** GenerateDataKey: a fresh data key, in plaintext and encrypted under a KMS key. It is kept nowhere. */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { canonicalContext } from '../key/context.ts'
import { makeDataKey, refuseDataKeySize } from '../key/data-key.ts'
import { attested, recipientData, sealFor } from '../key/recipient.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DataKeySpec, DryRunType, EncryptionContextType, GrantTokenList } from '../members.ts'
import { KeyIdType, KeyMaterialIdType, NumberOfBytesType, PlaintextType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GenerateDataKey = readOperation({
  name: 'GenerateDataKey',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    EncryptionContext: optional(EncryptionContextType),
    NumberOfBytes: optional(NumberOfBytesType),
    KeySpec: optional(DataKeySpec),
    GrantTokens: optional(GrantTokenList),
    Recipient: optional(RecipientInfo),
    DryRun: optional(DryRunType),
  },
  output: {
    CiphertextBlob: CiphertextType,
    Plaintext: optional(secret(PlaintextType)),
    KeyId: KeyIdType,
    CiphertextForRecipient: optional(CiphertextType),
    KeyMaterialId: optional(KeyMaterialIdType),
  },
  targets: {
    key: attested(
      keyIn('KeyId', {
        action: 'kms:GenerateDataKey',
        aliases: true,
        crossAccount: true,
        states: 'enabled',
        usage: 'data keys',
      }),
    ),
  },
  check: refuseDataKeySize,
  conditions: [
    'kms:EncryptionAlgorithm',
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:RecipientAttestation',
    'kms:RequestAlias',
  ],
  grantable: ['GenerateDataKey'],
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
    additional: ({ key }, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId, ...recipientData(key) }),
  },
  handle({ targets: { key }, ports, fail }, input) {
    const context = canonicalContext(input.EncryptionContext, fail)
    return after(makeDataKey(key, input, context, ports), ({ plaintext, ciphertext, materialId }) => {
      const { arn: KeyId, recipient } = key
      if (recipient === undefined) {
        return { CiphertextBlob: ciphertext, KeyId, Plaintext: plaintext, KeyMaterialId: materialId }
      }
      const CiphertextForRecipient = sealFor(recipient, plaintext, ports.random, materialId)
      return { CiphertextBlob: ciphertext, KeyId, CiphertextForRecipient }
    })
  },
})
