/** Verify: never false. A signature that is not the message's is a KMSInvalidSignatureException, which says nothing more. */
import { boolean, optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { refuseUnservedMessage, requireMessage } from '../key/message.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, GrantTokenList, KeyIdType, MessageType, PlaintextType } from '../members.ts'
import { SigningAlgorithmSpec } from '../members.ts'
import { readOperation } from '../operation.ts'
import { cryptographicQuota } from '../quota.ts'

export const Verify = readOperation({
  name: 'Verify',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    Message: secret(PlaintextType),
    MessageType: optional(MessageType),
    Signature: CiphertextType,
    GrantTokens: optional(GrantTokenList),
    SigningAlgorithm: SigningAlgorithmSpec,
    DryRun: optional(DryRunType),
  },
  output: { KeyId: KeyIdType, SignatureValid: boolean(), SigningAlgorithm: SigningAlgorithmSpec },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:Verify',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'SIGN_VERIFY',
    }),
  },
  conditions: ['kms:MessageType', 'kms:RequestAlias', 'kms:SigningAlgorithm'],
  grantable: ['Verify'],
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
    'KMSInvalidSignatureException',
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
  handle(
    { targets: { key }, ports, fail },
    { Message, MessageType: messageType = 'RAW', Signature, SigningAlgorithm },
  ) {
    requireAlgorithm(SigningAlgorithm, key.record, fail)
    const input = { algorithm: SigningAlgorithm, messageType, message: Message.insecureSecretAccess() }
    requireMessage(input, fail)
    return after(ports.directory.currentMaterial(key, 'signing'), (material) =>
      after(material.verify(input, Signature), (SignatureValid) => {
        if (SignatureValid === undefined) return refuseUnservedMessage(input, fail)
        return SignatureValid
          ? { KeyId: key.arn, SignatureValid, SigningAlgorithm }
          : fail('KMSInvalidSignatureException')
      }),
    )
  },
})
