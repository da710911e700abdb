/**
 * ReEncrypt: from one key to another, or to another encryption context, without the plaintext leaving the service. Two
 * keys, two permissions (kms:ReEncryptFrom, kms:ReEncryptTo); the record lists the source first.
 */
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { openCiphertext, refuseMissingCiphertext, useOnce } from '../key/ciphertext.ts'
import { canonicalContext } from '../key/context.ts'
import { comparedWith, keyIn, keyOfCiphertext } from '../key/target.ts'
import { CiphertextType, DryRunModifierList, DryRunType, EncryptionAlgorithmSpec } from '../members.ts'
import { EncryptionContextType, GrantTokenList, KeyIdType, KeyMaterialIdType } from '../members.ts'
import { readOperation } from '../operation.ts'

const source = keyOfCiphertext('SourceKeyId', {
  action: 'kms:ReEncryptFrom',
  crossAccount: true,
  states: 'enabled',
  usage: 'ENCRYPT_DECRYPT',
})
const destination = keyIn('DestinationKeyId', {
  action: 'kms:ReEncryptTo',
  aliases: true,
  crossAccount: true,
  states: 'enabled',
  usage: 'ENCRYPT_DECRYPT',
})

export const ReEncrypt = readOperation({
  name: 'ReEncrypt',
  effect: 'read',
  input: {
    CiphertextBlob: optional(CiphertextType),
    SourceEncryptionContext: optional(EncryptionContextType),
    SourceKeyId: optional(KeyIdType),
    DestinationKeyId: KeyIdType,
    DestinationEncryptionContext: optional(EncryptionContextType),
    SourceEncryptionAlgorithm: optional(EncryptionAlgorithmSpec),
    DestinationEncryptionAlgorithm: optional(EncryptionAlgorithmSpec),
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
    DryRunModifiers: optional(DryRunModifierList),
  },
  output: {
    CiphertextBlob: CiphertextType,
    SourceKeyId: KeyIdType,
    KeyId: KeyIdType,
    SourceEncryptionAlgorithm: EncryptionAlgorithmSpec,
    DestinationEncryptionAlgorithm: EncryptionAlgorithmSpec,
    SourceKeyMaterialId: KeyMaterialIdType,
    DestinationKeyMaterialId: KeyMaterialIdType,
  },
  targets: { source: comparedWith(source, destination), destination: comparedWith(destination, source) },
  refuses: ['DryRunModifiers'],
  check: refuseMissingCiphertext,
  conditions: [
    'kms:EncryptionAlgorithm',
    'kms:EncryptionContext',
    'kms:EncryptionContextKeys',
    'kms:ReEncryptOnSameKey',
    'kms:RequestAlias',
  ],
  grantable: ['ReEncryptFrom', 'ReEncryptTo'],
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
    request: ['SourceEncryptionContext', 'SourceKeyId', 'DestinationKeyId', 'DestinationEncryptionContext'],
    requestExtra: ({
      SourceEncryptionAlgorithm = 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm = 'SYMMETRIC_DEFAULT',
    }) => ({ SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm }),
    response: [],
    additional: (_targets, { SourceKeyMaterialId, DestinationKeyMaterialId }) => ({
      sourceKeyMaterialId: SourceKeyMaterialId,
      destinationKeyMaterialId: DestinationKeyMaterialId,
    }),
  },
  handle({ targets: { source: from, destination: to }, ports: { directory }, fail }, input) {
    requireAlgorithm(input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT', from.record, fail)
    requireAlgorithm(input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT', to.record, fail)
    const sourceContext = canonicalContext(input.SourceEncryptionContext, fail)
    const destinationContext = canonicalContext(input.DestinationEncryptionContext, fail)
    const opened = openCiphertext(from, input.CiphertextBlob, sourceContext, directory, fail)
    return after(opened, ({ plaintext, materialId: sourceMaterialId }) =>
      useOnce(plaintext, (bytes) =>
        after(directory.currentMaterial(to, 'symmetric'), (material) =>
          after(material.encrypt(bytes, destinationContext), (CiphertextBlob) => ({
            CiphertextBlob,
            SourceKeyId: from.arn,
            KeyId: to.arn,
            SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
            DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
            SourceKeyMaterialId: sourceMaterialId,
            DestinationKeyMaterialId: material.materialId,
          })),
        ),
      ),
    )
  },
})
