/**
 * Decrypt. A symmetric blob names its key, so KeyId is optional, and authorization is about the key that the blob names;
 * with KeyId, a blob of another key is refused.
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { openCiphertext, refuseMissingCiphertext } from '../key/ciphertext.ts'
import { canonicalContext } from '../key/context.ts'
import { keyOfCiphertext } from '../key/target.ts'
import { CiphertextType, DryRunModifierList, DryRunType, EncryptionAlgorithmSpec } from '../members.ts'
import { EncryptionContextType, GrantTokenList, KeyIdType, KeyMaterialIdType } from '../members.ts'
import { PlaintextType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'

export const Decrypt = readOperation({
  name: 'Decrypt',
  effect: 'read',
  input: {
    CiphertextBlob: optional(CiphertextType),
    EncryptionContext: optional(EncryptionContextType),
    GrantTokens: optional(GrantTokenList),
    KeyId: optional(KeyIdType),
    EncryptionAlgorithm: optional(EncryptionAlgorithmSpec),
    Recipient: optional(RecipientInfo),
    DryRun: optional(DryRunType),
    DryRunModifiers: optional(DryRunModifierList),
  },
  output: {
    KeyId: KeyIdType,
    Plaintext: secret(PlaintextType),
    EncryptionAlgorithm: EncryptionAlgorithmSpec,
    CiphertextForRecipient: optional(CiphertextType),
    KeyMaterialId: KeyMaterialIdType,
  },
  targets: {
    key: keyOfCiphertext('KeyId', {
      action: 'kms:Decrypt',
      crossAccount: true,
      states: 'enabled',
      usage: 'ENCRYPT_DECRYPT',
    }),
  },
  refuses: ['Recipient', 'DryRunModifiers'],
  check: refuseMissingCiphertext,
  conditions: ['kms:EncryptionAlgorithm', 'kms:EncryptionContext', 'kms:EncryptionContextKeys', 'kms:RequestAlias'],
  grantable: ['Decrypt'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'DryRunOperationException',
    'IncorrectKeyException',
    'InvalidCiphertextException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
  ],
  audit: {
    readOnly: true,
    request: ['EncryptionContext'],
    requestExtra: ({ KeyId, EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' }, { key }) => ({
      KeyId: key?.arn ?? KeyId,
      EncryptionAlgorithm,
    }),
    response: [],
    additional: (_targets, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId }),
  },
  handle(
    { targets: { key }, ports, fail },
    { CiphertextBlob, EncryptionContext, EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' },
  ) {
    requireAlgorithm(EncryptionAlgorithm, key.record, fail)
    const context = canonicalContext(EncryptionContext, fail)
    return after(openCiphertext(key, CiphertextBlob, context, ports.directory, fail), ({ plaintext, materialId }) => ({
      KeyId: key.arn,
      Plaintext: plaintext,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
      KeyMaterialId: materialId,
    }))
  },
})
