/**
 * DeriveSharedSecret: ECDH (SP 800-56A section 5.7.1.2) of the key's private half and somebody's public key. What comes out is
 * the raw x-coordinate: callers derive their keys from it.
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { attested, recipientData, sealFor } from '../key/recipient.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, GrantTokenList, KeyAgreementAlgorithmSpec, KeyIdType } from '../members.ts'
import { OriginType, PlaintextType, PublicKeyType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'
import { cryptographicQuota } from '../quota.ts'

export const DeriveSharedSecret = readOperation({
  name: 'DeriveSharedSecret',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    KeyAgreementAlgorithm: KeyAgreementAlgorithmSpec,
    PublicKey: PublicKeyType,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
    Recipient: optional(RecipientInfo),
  },
  output: {
    KeyId: KeyIdType,
    SharedSecret: optional(secret(PlaintextType)),
    CiphertextForRecipient: optional(CiphertextType),
    KeyAgreementAlgorithm: KeyAgreementAlgorithmSpec,
    KeyOrigin: OriginType,
  },
  targets: {
    key: attested(
      keyIn('KeyId', {
        action: 'kms:DeriveSharedSecret',
        aliases: true,
        crossAccount: true,
        states: 'enabled',
        usage: 'KEY_AGREEMENT',
      }),
    ),
  },
  conditions: ['kms:KeyAgreementAlgorithm', 'kms:RecipientAttestation', 'kms:RequestAlias'],
  grantable: ['DeriveSharedSecret'],
  dryRun: true,
  quota: 'cryptographic-ecc',
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
    request: ['KeyId', 'KeyAgreementAlgorithm'],
    response: [],
    additional: ({ key }) => recipientData(key),
  },
  handle({ targets: { key }, ports, fail }, { KeyAgreementAlgorithm, PublicKey }) {
    requireAlgorithm(KeyAgreementAlgorithm, key.record, fail)
    return after(ports.directory.currentMaterial(key, 'agreement'), (material) =>
      after(material.deriveSharedSecret(PublicKey), (SharedSecret) => {
        // Whatever is wrong with it, AWS says no more.
        if (SharedSecret === undefined) return fail('ValidationException')
        const answer = { KeyId: key.arn, KeyAgreementAlgorithm, KeyOrigin: key.record.origin }
        return key.recipient === undefined
          ? { ...answer, SharedSecret }
          : { ...answer, CiphertextForRecipient: sealFor(key.recipient, SharedSecret, ports.random) }
      }),
    )
  },
})
