/** VerifyMac: never false. A MAC that is not the message's is a KMSInvalidMacException, which says nothing more. */
import { boolean, optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, GrantTokenList, KeyIdType, MacAlgorithmSpec, PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const VerifyMac = readOperation({
  name: 'VerifyMac',
  effect: 'read',
  input: {
    Message: secret(PlaintextType),
    KeyId: KeyIdType,
    MacAlgorithm: MacAlgorithmSpec,
    Mac: CiphertextType,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: { KeyId: KeyIdType, MacValid: boolean(), MacAlgorithm: MacAlgorithmSpec },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:VerifyMac',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'GENERATE_VERIFY_MAC',
    }),
  },
  conditions: ['kms:MacAlgorithm', 'kms:RequestAlias'],
  grantable: ['VerifyMac'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  errors: [
    'DisabledException',
    'DryRunOperationException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidMacException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'MacAlgorithm'], response: [] },
  handle({ targets: { key }, ports, fail }, { Message, MacAlgorithm, Mac }) {
    requireAlgorithm(MacAlgorithm, key.record, fail)
    return after(ports.directory.currentMaterial(key, 'mac'), (material) =>
      after(material.verify(Message.insecureSecretAccess(), Mac), (MacValid) =>
        MacValid ? { KeyId: key.arn, MacValid, MacAlgorithm } : fail('KMSInvalidMacException'),
      ),
    )
  },
})
