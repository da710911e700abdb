/** Sign: a message of at most 4,096 bytes, or the digest of one of any length, with the private key of an asymmetric KMS key. */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { refuseUnservedMessage, requireMessage } from '../key/message.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, GrantTokenList, KeyIdType, MessageType, PlaintextType } from '../members.ts'
import { SigningAlgorithmSpec } from '../members.ts'
import { readOperation } from '../operation.ts'
import { cryptographicQuota } from '../quota.ts'

export const Sign = readOperation({
  name: 'Sign',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    Message: secret(PlaintextType),
    MessageType: optional(MessageType),
    GrantTokens: optional(GrantTokenList),
    SigningAlgorithm: SigningAlgorithmSpec,
    DryRun: optional(DryRunType),
  },
  output: { KeyId: KeyIdType, Signature: CiphertextType, SigningAlgorithm: SigningAlgorithmSpec },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:Sign',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'SIGN_VERIFY',
    }),
  },
  conditions: ['kms:MessageType', 'kms:RequestAlias', 'kms:SigningAlgorithm'],
  grantable: ['Sign'],
  dryRun: true,
  quota: 'cryptographic-rsa',
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
    request: ['KeyId', 'SigningAlgorithm'],
    requestExtra: ({ MessageType = 'RAW' }) => ({ MessageType }),
    response: [],
  },
  handle({ targets: { key }, ports, fail }, { Message, MessageType: messageType = 'RAW', SigningAlgorithm }) {
    requireAlgorithm(SigningAlgorithm, key.record, fail)
    const input = { algorithm: SigningAlgorithm, messageType, message: Message.insecureSecretAccess() }
    requireMessage(input, fail)
    return after(ports.directory.currentMaterial(key, 'signing'), (material) =>
      after(material.sign(input), (Signature) => {
        if (Signature === undefined) return refuseUnservedMessage(input, fail)
        return { KeyId: key.arn, Signature, SigningAlgorithm }
      }),
    )
  },
})
