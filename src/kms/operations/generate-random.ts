/** GenerateRandom: 1 to 1,024 random bytes. The model calls NumberOfBytes optional, the service does not. */
import { refusal } from '#aws/errors.ts'
import { optional, secret } from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { accountWide } from '../key/account-target.ts'
import { CiphertextType, CustomKeyStoreIdType, NumberOfBytesType, PlaintextType, RecipientInfo } from '../members.ts'
import { readOperation } from '../operation.ts'

const sizeMissing = 'NumberOfBytes is required.'

export const GenerateRandom = readOperation({
  name: 'GenerateRandom',
  effect: 'read',
  input: {
    NumberOfBytes: optional(NumberOfBytesType),
    CustomKeyStoreId: optional(CustomKeyStoreIdType),
    Recipient: optional(RecipientInfo),
  },
  output: { Plaintext: secret(PlaintextType), CiphertextForRecipient: optional(CiphertextType) },
  targets: { account: accountWide({ action: 'kms:GenerateRandom' }) },
  refuses: ['CustomKeyStoreId', 'Recipient'],
  check: ({ NumberOfBytes }) => (NumberOfBytes === undefined ? refusal('ValidationException', sizeMissing) : undefined),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'cryptographic-symmetric',
  errors: ['DependencyTimeoutException', 'KMSInternalException', 'UnsupportedOperationException'],
  audit: { readOnly: true, request: [], response: [] },
  handle({ ports, fail }, { NumberOfBytes }) {
    const size = NumberOfBytes ?? fail('ValidationException', sizeMissing)
    return { Plaintext: new SecretBytes(ports.random.bytes(size)) }
  },
})
