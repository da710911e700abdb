/** Encapsulate: a fresh secret of 32 bytes, and the ciphertext that carries it to the key's private half (ML-KEM, FIPS 203). */
import { optional, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { requireAlgorithm } from '../key/algorithm.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DryRunType, EncapsulationAlgorithmSpec, GrantTokenList, KeyIdType } from '../members.ts'
import { PlaintextType } from '../members.ts'
import { readOperation } from '../operation.ts'

export const Encapsulate = readOperation({
  name: 'Encapsulate',
  effect: 'read',
  input: {
    KeyId: KeyIdType,
    EncapsulationAlgorithm: EncapsulationAlgorithmSpec,
    GrantTokens: optional(GrantTokenList),
    DryRun: optional(DryRunType),
  },
  output: {
    KeyId: KeyIdType,
    SharedSecret: secret(PlaintextType),
    SharedSecretCiphertextBlob: CiphertextType,
    EncapsulationAlgorithm: EncapsulationAlgorithmSpec,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:Encapsulate',
      aliases: true,
      crossAccount: true,
      states: 'enabled',
      usage: 'ENCAPSULATE_DECAPSULATE',
    }),
  },
  conditions: ['kms:RequestAlias'],
  grantable: ['Encapsulate'],
  dryRun: true,
  quota: 'cryptographic-ml-kem',
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
  audit: { readOnly: true, request: ['KeyId', 'EncapsulationAlgorithm'], response: [] },
  handle({ targets: { key }, ports, fail }, { EncapsulationAlgorithm }) {
    requireAlgorithm(EncapsulationAlgorithm, key.record, fail)
    return after(ports.directory.currentMaterial(key, 'encapsulation'), (material) =>
      after(material.encapsulate(), ({ secret: SharedSecret, ciphertext }) => ({
        KeyId: key.arn,
        SharedSecret,
        SharedSecretCiphertextBlob: ciphertext,
        EncapsulationAlgorithm,
      })),
    )
  },
})
