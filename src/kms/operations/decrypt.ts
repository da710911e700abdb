/**
 * Decrypt. A symmetric blob names its key, so KeyId is optional, and authorization is about the key that the blob names;
 * with KeyId, a blob of another key is refused. Ciphertexts of RSA name nothing: they need KeyId and the algorithm.
 */
import { dryRunMessage } from '#aws/dry-run.ts'
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { ignoresCiphertext, refuseCiphertextMembers } from '../key/ciphertext.ts'
import { decryptUnder } from '../key/encryption.ts'
import { attested, recipientData, sealFor } from '../key/recipient.ts'
import { keyOfCiphertext } from '../key/target.ts'
import { CiphertextType, DryRunModifierList, DryRunType, EncryptionAlgorithmSpec } from '../members.ts'
import { EncryptionContextType, GrantTokenList, KeyIdType, KeyMaterialIdType } from '../members.ts'
import { PlaintextType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'
import { cryptographicQuota } from '../quota.ts'

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
    Plaintext: optional(secret(PlaintextType)),
    EncryptionAlgorithm: EncryptionAlgorithmSpec,
    CiphertextForRecipient: optional(CiphertextType),
    KeyMaterialId: optional(KeyMaterialIdType),
  },
  targets: {
    key: attested(
      keyOfCiphertext('KeyId', {
        action: 'kms:Decrypt',
        crossAccount: true,
        states: 'enabled',
        usage: 'ENCRYPT_DECRYPT',
      }),
    ),
  },
  check: (input) => refuseCiphertextMembers(input, input.KeyId),
  conditions: [
    'kms:EncryptionAlgorithm',
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:RecipientAttestation',
    'kms:RequestAlias',
  ],
  grantable: ['Decrypt'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  quotaFor: (_input, { key }) => cryptographicQuota(key.record),
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
    additional: ({ key }, { KeyMaterialId }) => ({ keyMaterialId: KeyMaterialId, ...recipientData(key) }),
  },
  handle({ targets: { key }, ports, fail }, input) {
    if (ignoresCiphertext(input)) return fail('DryRunOperationException', dryRunMessage)
    const { EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' } = input
    const encryption = { algorithm: EncryptionAlgorithm, context: input.EncryptionContext }
    const decrypted = decryptUnder(key, encryption, input.CiphertextBlob, ports.directory, fail)
    return after(decrypted, ({ plaintext, materialId }) => {
      const { arn: KeyId, recipient } = key
      if (recipient === undefined) {
        return { KeyId, EncryptionAlgorithm, Plaintext: plaintext, KeyMaterialId: materialId }
      }
      const CiphertextForRecipient = sealFor(recipient, plaintext, ports.random, materialId)
      return { KeyId, EncryptionAlgorithm, CiphertextForRecipient }
    })
  },
})
