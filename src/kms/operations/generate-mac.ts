/** GenerateMac: the whole HMAC (RFC 2104) of a message. An HMAC key has one algorithm, which is to be named all the same. */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, GrantTokenList, KeyIdType, MacAlgorithmSpec, PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const GenerateMac = readOperation({
  name: 'GenerateMac',
  effect: 'read',
  input: {
    Message: secret(PlaintextType),
    KeyId: KeyIdType,
    MacAlgorithm: MacAlgorithmSpec,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: { Mac: CiphertextType, MacAlgorithm: MacAlgorithmSpec, KeyId: KeyIdType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GenerateMac',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'GENERATE_VERIFY_MAC',
    }),
  },
  conditions: ['kms:MacAlgorithm', 'kms:RequestAlias'],
  grantable: ['GenerateMac'],
  dryRun: true,
  quota: 'cryptographic-symmetric',
  errors: [
    'DisabledException',
    'DryRunOperationException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'MacAlgorithm'], response: [] },
  handle({ targets: { key }, ports, fail }, { Message, MacAlgorithm }) {
    requireAlgorithm(MacAlgorithm, key.record, fail)
    return after(ports.directory.currentMaterial(key, 'mac'), (material) =>
      after(material.generate(Message.insecureSecretAccess()), (Mac) => ({ Mac, MacAlgorithm, KeyId: key.arn })),
    )
  },
})
