/**
 * The order in which a request that is wrong in every way is told so: one fault is mended after the other, and each answer must
 * be the next of the list. AWS publishes the order of some (what is malformed before what does not exist, that before
 * permission, which comes before the key's state); the rest of it is ours, and clients see it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InProcessKms, userArn, type Who } from '../support/in-process-kms.ts'
import { succeed, type Json } from './specimens.ts'
import { unknownId } from './identifiers.ts'

interface Asked {
  readonly operation: string
  input: Json
  who: Who
}

/** What mends a fault, and the answer as long as it is there. */
interface Fault {
  readonly answer: string
  readonly mend: (kms: InProcessKms, asked: Asked) => Promise<unknown>
}

const body = (code: string, message?: string): string => JSON.stringify({ __type: code, message })
const arnOf = (id: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${id}`

async function createKey(kms: InProcessKms, input: Json): Promise<string> {
  const { KeyMetadata } = await succeed(kms, 'CreateKey', input)
  return String((KeyMetadata as Json)['KeyId'])
}

const changed =
  (members: Json): Fault['mend'] =>
  (_kms, asked) => {
    asked.input = { ...asked.input, ...members }
    return Promise.resolve()
  }

/** Asks until nothing is wrong any more; `success` are the members of the answer then. */
async function peel(
  kms: InProcessKms,
  asked: Asked,
  faults: readonly Fault[],
  success: readonly string[],
): Promise<void> {
  for (const { answer, mend } of faults) {
    assert.deepEqual(await kms.post(asked.operation, asked.input, asked.who), { status: 400, text: answer })
    await mend(kms, asked)
  }
  const { status, text } = await kms.post(asked.operation, asked.input, asked.who)
  assert.equal(status, 200, text)
  assert.deepEqual(Object.keys(JSON.parse(text) as Json).sort(), [...success].sort())
}

/** From the unknown key to the wrong usage: the same for every operation with a key. */
function ofKey(operation: string, wrongId: string, rightId: string, usage: string): readonly Fault[] {
  return [
    {
      answer: body('NotFoundException', `Key '${arnOf(unknownId)}' does not exist`),
      mend: changed({ KeyId: wrongId }),
    },
    {
      answer: JSON.stringify({
        __type: 'AccessDeniedException',
        Message:
          `User: ${userArn} is not authorized to perform: kms:${operation} on resource: ${arnOf(wrongId)} because no ` +
          `identity-based policy allows the kms:${operation} action`,
      }),
      mend: (_kms, asked) => {
        asked.who = 'root'
        return Promise.resolve()
      },
    },
    {
      answer: body(
        'ThrottlingException',
        'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
      ),
      mend: (kms) => {
        kms.throttled = false
        return Promise.resolve()
      },
    },
    {
      answer: body('DisabledException', `${arnOf(wrongId)} is disabled.`),
      mend: (kms) => succeed(kms, 'EnableKey', { KeyId: wrongId }),
    },
    {
      answer: body(
        'InvalidKeyUsageException',
        `${arnOf(wrongId)} key usage is ${usage} which is not valid for ${operation}.`,
      ),
      mend: changed({ KeyId: rightId }),
    },
  ]
}

const dryRun: Fault = {
  answer: body('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.'),
  mend: changed({ DryRun: false }),
}
const badToken: Fault = {
  answer: body('InvalidGrantTokenException', 'The specified grant token is not valid.'),
  mend: changed({ GrantTokens: [] }),
}
const violation = (text: string): string => body('ValidationException', `1 validation error detected: ${text}`)

const hmac = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }
const pair = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }

async function disabled(kms: InProcessKms, input: Json): Promise<string> {
  const id = await createKey(kms, input)
  await succeed(kms, 'DisableKey', { KeyId: id })
  return id
}

describe('what is wrong is told in this order', () => {
  it('of GenerateDataKey: members, rules between them, key, permission, rate, state, usage, dry run', async () => {
    const kms = new InProcessKms()
    const wrong = await disabled(kms, hmac)
    const right = await createKey(kms, {})
    kms.throttled = true
    const input = { KeyId: unknownId, NumberOfBytes: 1025, KeySpec: 'AES_256', GrantTokens: ['x'], DryRun: true }
    await peel(
      kms,
      { operation: 'GenerateDataKey', input, who: 'user' },
      [
        {
          answer: violation(
            "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
          ),
          mend: changed({ NumberOfBytes: 16 }),
        },
        {
          answer: body('ValidationException', 'Please specify either number of bytes or key spec.'),
          mend: changed({ NumberOfBytes: null }),
        },
        badToken,
        ...ofKey('GenerateDataKey', wrong, right, 'GENERATE_VERIFY_MAC'),
        dryRun,
      ],
      ['CiphertextBlob', 'KeyId', 'KeyMaterialId', 'Plaintext'],
    )
  })

  it('of Sign: after the usage the algorithm, then the message', async () => {
    const kms = new InProcessKms()
    const wrong = await disabled(kms, {})
    const right = await createKey(kms, pair)
    kms.throttled = true
    const message = { Message: 'YQ==', MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_384' }
    await peel(
      kms,
      { operation: 'Sign', input: { KeyId: unknownId, ...message, DryRun: true }, who: 'user' },
      [
        ...ofKey('Sign', wrong, right, 'ENCRYPT_DECRYPT'),
        {
          answer: body(
            'InvalidKeyUsageException',
            'Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.',
          ),
          mend: changed({ SigningAlgorithm: 'ECDSA_SHA_256' }),
        },
        {
          answer: body('ValidationException', 'Digest is invalid length for algorithm ECDSA_SHA_256.'),
          mend: changed({ MessageType: 'RAW' }),
        },
        dryRun,
      ],
      ['KeyId', 'Signature', 'SigningAlgorithm'],
    )
  })

  it('of Decrypt: after the algorithm whose ciphertext it is, then the ciphertext', async () => {
    const kms = new InProcessKms()
    const wrong = await disabled(kms, hmac)
    const right = await createKey(kms, {})
    const other = await createKey(kms, {})
    const { CiphertextBlob: theirs } = await succeed(kms, 'Encrypt', { KeyId: other, Plaintext: 'YQ==' })
    const { CiphertextBlob } = await succeed(kms, 'Encrypt', { KeyId: right, Plaintext: 'YQ==' })
    kms.throttled = true
    const input = {
      KeyId: unknownId,
      CiphertextBlob: theirs,
      EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      EncryptionContext: { a: 'b' },
      DryRun: true,
    }
    await peel(
      kms,
      { operation: 'Decrypt', input, who: 'user' },
      [
        ...ofKey('Decrypt', wrong, right, 'GENERATE_VERIFY_MAC'),
        {
          answer: body(
            'InvalidKeyUsageException',
            'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
          ),
          mend: changed({ EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }),
        },
        {
          answer: body(
            'IncorrectKeyException',
            'The key ID in the request does not identify a CMK that can perform this operation.',
          ),
          mend: changed({ CiphertextBlob }),
        },
        { answer: body('InvalidCiphertextException'), mend: changed({ EncryptionContext: {} }) },
        dryRun,
      ],
      ['EncryptionAlgorithm', 'KeyId', 'KeyMaterialId', 'Plaintext'],
    )
  })
})
