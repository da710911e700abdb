/**
 * Encrypt: up to 4,096 bytes under the key's current material, bound to the encryption context. AWS's answer carries no
 * KeyMaterialId (announced and withdrawn in June 2025); the audit record does.
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { canonicalContext } from '../key/context.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, EncryptionAlgorithmSpec, EncryptionContextType } from '../members.ts'
import { GrantTokenList, KeyIdType, PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'

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
    additional: ({ key }) => ({ keyMaterialId: key.record.currentMaterialId }),
  },
  handle(
    { targets: { key }, ports, fail },
    { Plaintext, EncryptionContext, EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' },
  ) {
    requireAlgorithm(EncryptionAlgorithm, key.record, fail)
    const context = canonicalContext(EncryptionContext, fail)
    return after(ports.directory.currentMaterial(key, 'symmetric'), (material) =>
      after(material.encrypt(Plaintext.insecureSecretAccess(), context), (CiphertextBlob) => ({
        CiphertextBlob,
        KeyId: key.arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
      })),
    )
  },
})
