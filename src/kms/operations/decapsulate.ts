/**
 * Decapsulate: the secret that Encapsulate, or anybody with the public key, put into a ciphertext. A ciphertext of the right
 * length that is bad gives another secret, never an error (FIPS 203 section 6.3, implicit rejection).
 */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, EncapsulationAlgorithmSpec, GrantTokenList, KeyIdType } from '../members.ts'
import { PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const Decapsulate = readOperation({
  name: 'Decapsulate',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    SharedSecretCiphertextBlob: CiphertextType,
    EncapsulationAlgorithm: EncapsulationAlgorithmSpec,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: {
    KeyId: KeyIdType,
    SharedSecret: secret(PlaintextType),
    EncapsulationAlgorithm: EncapsulationAlgorithmSpec,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:Decapsulate',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'ENCAPSULATE_DECAPSULATE',
    }),
  },
  conditions: ['kms:RequestAlias'],
  grantable: ['Decapsulate'],
  dryRun: true,
  quota: 'cryptographic-ml-kem',
  errors: [
    'DependencyTimeoutException',
    'DisabledException',
    'DryRunOperationException',
    'InvalidCiphertextException',
    'InvalidGrantTokenException',
    'InvalidKeyUsageException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'KeyUnavailableException',
    'NotFoundException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'EncapsulationAlgorithm'], response: [] },
  handle({ targets: { key }, ports, fail }, { SharedSecretCiphertextBlob, EncapsulationAlgorithm }) {
    requireAlgorithm(EncapsulationAlgorithm, key.record, fail)
    return after(ports.directory.currentMaterial(key, 'encapsulation'), (material) =>
      after(material.decapsulate(SharedSecretCiphertextBlob), (SharedSecret) => {
        if (SharedSecret === undefined) return fail('InvalidCiphertextException')
        return { KeyId: key.arn, SharedSecret, EncapsulationAlgorithm }
      }),
    )
  },
})
