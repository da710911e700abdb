/**
 * ReEncrypt: from one key to another, or to another encryption context, without the plaintext leaving the service. Two
 * keys, two permissions (kms:ReEncryptFrom, kms:ReEncryptTo); the record lists the source first.
 */
import { dryRunMessage } from '#aws/dry-run.ts'
import { optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { ignoresCiphertext, refuseCiphertextMembers, useOnce } from '../key/ciphertext.ts'
import { decryptUnder, encryptUnder } from '../key/encryption.ts'
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
    SourceKeyMaterialId: optional(KeyMaterialIdType),
    DestinationKeyMaterialId: optional(KeyMaterialIdType),
  },
  targets: { source: comparedWith(source, destination), destination: comparedWith(destination, source) },
  check: (input) => refuseCiphertextMembers(input, input.SourceKeyId),
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
    if (ignoresCiphertext(input)) return fail('DryRunOperationException', dryRunMessage)
    const { SourceEncryptionAlgorithm = 'SYMMETRIC_DEFAULT', DestinationEncryptionAlgorithm = 'SYMMETRIC_DEFAULT' } =
      input
    // Both before anything is opened, as for Encrypt and Decrypt alone.
    requireAlgorithm(SourceEncryptionAlgorithm, from.record, fail)
    requireAlgorithm(DestinationEncryptionAlgorithm, to.record, fail)
    const source = { algorithm: SourceEncryptionAlgorithm, context: input.SourceEncryptionContext }
    const destination = { algorithm: DestinationEncryptionAlgorithm, context: input.DestinationEncryptionContext }
    return after(decryptUnder(from, source, input.CiphertextBlob, directory, fail), ({ plaintext, materialId }) =>
      useOnce(plaintext, (bytes) =>
        after(encryptUnder(to, destination, bytes, directory, fail), ({ ciphertext, materialId: newMaterialId }) => ({
          CiphertextBlob: ciphertext,
          SourceKeyId: from.arn,
          KeyId: to.arn,
          SourceEncryptionAlgorithm,
          DestinationEncryptionAlgorithm,
          SourceKeyMaterialId: materialId,
          DestinationKeyMaterialId: newMaterialId,
        })),
      ),
    )
  },
})
