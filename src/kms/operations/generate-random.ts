/** GenerateRandom: 1 to 1,024 random bytes. The model calls NumberOfBytes optional, the service does not. */
import { refusal } from '#aws/errors.ts'
import { optional, secret } from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { accountWide } from '../key/account-target.ts'
import { attested, recipientData, sealFor } from '../key/recipient.ts'
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
  output: { Plaintext: optional(secret(PlaintextType)), CiphertextForRecipient: optional(CiphertextType) },
  targets: { account: attested(accountWide({ action: 'kms:GenerateRandom' })) },
  refuses: ['CustomKeyStoreId'],
  check: ({ NumberOfBytes }) => (NumberOfBytes === undefined ? refusal('ValidationException', sizeMissing) : undefined),
  conditions: ['kms:RecipientAttestation'],
  grantable: [],
  dryRun: false,
  quota: 'cryptographic-symmetric',
  errors: ['DependencyTimeoutException', 'KMSInternalException', 'UnsupportedOperationException'],
  audit: { readOnly: true, request: [], response: [], additional: ({ account }) => recipientData(account) },
  handle(
    {
      targets: {
        account: { recipient },
      },
      ports: { random },
      fail,
    },
    { NumberOfBytes },
  ) {
    const size = NumberOfBytes ?? fail('ValidationException', sizeMissing)
    const plaintext = new SecretBytes(random.bytes(size))
    return recipient === undefined
      ? { Plaintext: plaintext }
      : { CiphertextForRecipient: sealFor(recipient, plaintext, random) }
  },
})
