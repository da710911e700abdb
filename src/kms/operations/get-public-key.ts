/** GetPublicKey: the public half of an asymmetric KMS key, for use where nobody can ask KMS. */
import { list, optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { specMembers } from '../key/metadata.ts'
import { keyIn } from '../key/target.ts'
import { CustomerMasterKeySpecType, EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec } from '../members.ts'
import { GrantTokenList, KeyAgreementAlgorithmSpec, KeyIdType, KeySpecType, KeyUsageType } from '../members.ts'
import { PublicKeyType, SigningAlgorithmSpec } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GetPublicKey = readOperation({
  name: 'GetPublicKey',
  effect: 'read',
  input: { KeyId: KeyIdType, GrantTokens: optional(GrantTokenList) },
  output: {
    KeyId: KeyIdType,
    PublicKey: PublicKeyType,
    CustomerMasterKeySpec: optional(CustomerMasterKeySpecType),
    KeySpec: KeySpecType,
    KeyUsage: KeyUsageType,
    EncryptionAlgorithms: optional(list(EncryptionAlgorithmSpec)),
    SigningAlgorithms: optional(list(SigningAlgorithmSpec)),
    KeyAgreementAlgorithms: optional(list(KeyAgreementAlgorithmSpec)),
    EncapsulationAlgorithms: optional(list(EncapsulationAlgorithmSpec)),
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GetPublicKey',
      aliases: true,
      crossAccount: true,
      states: 'not pending deletion',
      usage: 'any',
    }),
  },
  conditions: ['kms:RequestAlias'],
  grantable: ['GetPublicKey'],
  dryRun: false,
  quota: 'GetPublicKey',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'InvalidArnException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: true, request: ['KeyId'], response: [] },
  handle({ targets: { key }, ports, fail }) {
    const { keySpec, keyUsage } = key.record
    if (keyUsage !== 'SIGN_VERIFY') {
      // Unverified wording.
      const message = `${key.arn} key spec is ${keySpec} which is not valid for GetPublicKey.`
      return fail('UnsupportedOperationException', message)
    }
    return after(ports.directory.currentMaterial(key, 'signing'), ({ publicKey }) => ({
      KeyId: key.arn,
      PublicKey: publicKey,
      KeyUsage: keyUsage,
      ...specMembers(key.record),
    }))
  },
})
