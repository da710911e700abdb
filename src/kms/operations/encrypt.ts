/**
 * Encrypt: up to 4,096 bytes under a symmetric key's current material, bound to the encryption context, or what RSA can take
 * with a public key. AWS's answer carries no KeyMaterialId (announced and withdrawn in June 2025); the audit record does.
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { encryptUnder } from '../key/encryption.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, EncryptionAlgorithmSpec, EncryptionContextType } from '../members.ts'
import { GrantTokenList, KeyIdType, PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { cryptographicQuota } from '../quota.ts'

export const Encrypt = readOperation({
  name: 'Encrypt',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    Plaintext: secret(PlaintextType),
    EncryptionContext: optional(EncryptionContextType),
    GrantTokens: optional(GrantTokenList),
    EncryptionAlgorithm: optional(EncryptionAlgorithmSpec),
    DryRun: optional(DryRunType),
  },
  output: {
    CiphertextBlob: CiphertextType,
    KeyId: KeyIdType,
    EncryptionAlgorithm: EncryptionAlgorithmSpec,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:Encrypt',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'ENCRYPT_DECRYPT',
    }),
  },
  conditions: ['kms:EncryptionAlgorithm', 'kms:EncryptionContext', 'kms:EncryptionContextKeys', 'kms:RequestAlias'],
  grantable: ['Encrypt'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  quotaFor: (_input, { key }) => cryptographicQuota(key.record),
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
    request: ['KeyId', 'EncryptionContext'],
    requestExtra: ({ EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' }) => ({ EncryptionAlgorithm }),
    response: [],
    additional: ({ key: { record } }) =>
      record.keySpec === 'SYMMETRIC_DEFAULT' ? { keyMaterialId: record.currentMaterialId } : {},
  },
  handle(
    { targets: { key }, ports, fail },
    { Plaintext, EncryptionContext, EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' },
  ) {
    const encryption = { algorithm: EncryptionAlgorithm, context: EncryptionContext }
    const encrypted = encryptUnder(key, encryption, Plaintext.insecureSecretAccess(), ports.directory, fail)
    return after(encrypted, ({ ciphertext }) => ({ CiphertextBlob: ciphertext, KeyId: key.arn, EncryptionAlgorithm }))
  },
})
