/** GetPublicKey: the public half of an asymmetric KMS key, for use where nobody can ask KMS. */
import { list, optional } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import type { KeySpec, KeyUsage } from '#crypto/key-specs.ts'
import type { PairMaterial } from '#ports/key-store.ts'
import { specMembers } from '../key/metadata.ts'
import { keyIn } from '../key/target.ts'
import { CustomerMasterKeySpecType, EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec } from '../members.ts'
import { GrantTokenList, KeyAgreementAlgorithmSpec, KeyIdType, KeySpecType, KeyUsageType } from '../members.ts'
import { PublicKeyType, SigningAlgorithmSpec } from '../members.ts'
import { readOperation } from '../operation.ts'

const kinds = {
  SIGN_VERIFY: 'signing',
  ENCRYPT_DECRYPT: 'decryption',
  KEY_AGREEMENT: 'agreement',
  ENCAPSULATE_DECAPSULATE: 'encapsulation',
  GENERATE_VERIFY_MAC: undefined,
} as const satisfies Record<KeyUsage, PairMaterial['kind'] | undefined>

/** Which kind of pair a key's material is; undefined: none. */
function pairKind(keySpec: KeySpec, keyUsage: KeyUsage): PairMaterial['kind'] | undefined {
  return keySpec === 'SYMMETRIC_DEFAULT' ? undefined : kinds[keyUsage]
}

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
      states: 'enabled or disabled',
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
    const kind = pairKind(keySpec, keyUsage)
    if (kind === undefined) {
      // Unverified wording.
      const message = `${key.arn} key spec is ${keySpec} which is not valid for GetPublicKey.`
      return fail('UnsupportedOperationException', message)
    }
    return after(ports.directory.currentMaterial(key, kind), ({ publicKey }) => ({
      KeyId: key.arn,
      PublicKey: publicKey,
      KeyUsage: keyUsage,
      ...specMembers(key.record),
    }))
  },
})
