/**
 * GetParametersForImport: a new wrapping key, and the token that brings its private half back, for one import or several within
 * 24 hours. Sets handed out before stay valid.
 */
import { dayMs } from '#base/day.ts'
import { blob, secret } from '#aws/shape.ts'
import { after } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { requestedWrapping, refuseWrapping } from '../key/wrapping.ts'
import { keyIn } from '../key/target.ts'
import { AlgorithmSpec, CiphertextType, DateType, KeyIdType, WrappingKeySpecType } from '../members.ts'
import { readOperation } from '../operation.ts'

const validMs = dayMs

export const GetParametersForImport = readOperation({
  name: 'GetParametersForImport',
  effect: 'read',
  input: { KeyId: KeyIdType, WrappingAlgorithm: AlgorithmSpec, WrappingKeySpec: WrappingKeySpecType },
  output: {
    KeyId: KeyIdType,
    ImportToken: CiphertextType,
    // Public, whatever the model says of its shape.
    PublicKey: secret(blob({ min: 1, max: 4096 })),
    ParametersValidTo: DateType,
  },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:GetParametersForImport',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
      origin: 'EXTERNAL',
    }),
  },
  check: refuseWrapping,
  conditions: ['kms:WrappingAlgorithm', 'kms:WrappingKeySpec'],
  grantable: [],
  dryRun: false,
  quota: 'GetParametersForImport',
  errors: [
    'DependencyTimeoutException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: true, request: ['KeyId', 'WrappingAlgorithm', 'WrappingKeySpec'], response: [] },
  handle({ targets: { key }, facts, ports, fail }, input) {
    const validTo = facts.now + validMs
    const terms = { keyArn: key.arn, ...requestedWrapping(key.record, facts.region, input, fail), validTo }
    return after(ports.importKeys.issue(terms), ({ publicKey, token }) => ({
      KeyId: key.arn,
      ImportToken: token,
      PublicKey: new SecretBytes(publicKey),
      ParametersValidTo: new Date(validTo),
    }))
  },
})
