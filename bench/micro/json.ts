/**
 * The codec of AWS JSON on the request path: `node bench/micro/json.ts`. Prints microseconds per call, the best of many
 * short rounds, and beside them what JSON.parse with a strictness scan in front would cost.
 */
import { cursorOver, skipValue } from '#aws/json-scan.ts'
import { compileDecoder } from '#aws/json-decode.ts'
import { compileEncoder, encodeError } from '#aws/json-encode.ts'
import { blob, boolean, integer, list, oneOf, optional, secret, string, stringMap, structure } from '#aws/shape.ts'
import { compileInput, compileValidator, destroySecrets } from '#aws/validate.ts'
import { isRefusal } from '#aws/errors.ts'
import { SecretBytes } from '#base/secret-bytes.ts'

const recipient = structure({
  KeyEncryptionAlgorithm: optional(oneOf('RSAES_OAEP_SHA_256')),
  AttestationDocument: optional(blob({ min: 1, max: 262144 })),
})
const generateDataKey = {
  KeyId: string({ min: 1, max: 2048 }),
  EncryptionContext: optional(stringMap()),
  NumberOfBytes: optional(integer({ min: 1, max: 1024 })),
  KeySpec: optional(oneOf('AES_256', 'AES_128')),
  GrantTokens: optional(list(string({ min: 1, max: 8192 }), { min: 0, max: 10 })),
  Recipient: optional(recipient),
  DryRun: optional(boolean()),
}
const encrypt = {
  KeyId: string({ min: 1, max: 2048 }),
  Plaintext: secret(blob({ min: 1, max: 4096 })),
  EncryptionContext: optional(stringMap()),
  EncryptionAlgorithm: optional(oneOf('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256')),
  GrantTokens: optional(list(string({ min: 1, max: 8192 }), { min: 0, max: 10 })),
  DryRun: optional(boolean()),
}
const dataKeyAnswer = {
  CiphertextBlob: blob(),
  Plaintext: optional(secret(blob())),
  KeyId: string(),
  KeyMaterialId: optional(string()),
  CiphertextForRecipient: optional(blob()),
}
const encryptAnswer = { CiphertextBlob: blob(), KeyId: string(), EncryptionAlgorithm: string() }

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const arn = `arn:aws:kms:us-east-1:111122223333:key/${keyId}`
const dataKeyBody = Buffer.from(
  `{"KeyId":"${keyId}","EncryptionContext":{"tenant":"12345","purpose":"x"},"NumberOfBytes":32}`,
)
const encryptBody = (size: number): Buffer =>
  Buffer.from(JSON.stringify({ KeyId: keyId, Plaintext: Buffer.alloc(size, 7).toString('base64') }))
const answer = {
  CiphertextBlob: Buffer.alloc(132, 0xa5),
  Plaintext: new SecretBytes(Buffer.alloc(32, 0x5a)),
  KeyId: arn,
  KeyMaterialId: '0123456789abcdef'.repeat(4),
}

let sink: unknown
function measure(name: string, run: () => unknown): void {
  const calls = 5000
  let best = Infinity
  for (let round = 0; round < 60; round++) {
    const begin = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) sink = run()
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / calls / 1000)
  }
  console.log(`${best.toFixed(2).padStart(8)} us  ${name}`)
}

const decodeDataKey = compileDecoder(generateDataKey)
const validateDataKey = compileValidator(generateDataKey)
const readDataKey = compileInput(generateDataKey)
const readEncrypt = compileInput(encrypt)
const decodedDataKey = decodeDataKey(dataKeyBody)
if (isRefusal(decodedDataKey)) throw new Error('the body is refused')
const body32 = encryptBody(32)
const body4096 = encryptBody(4096)
// Warms up what all shapes share with several of them, as a server does.
for (let i = 0; i < 20_000; i++) sink = [readDataKey(dataKeyBody), readEncrypt(body32)]

measure('GenerateDataKey: decode', () => decodeDataKey(dataKeyBody))
measure('GenerateDataKey: validate', () => validateDataKey(decodedDataKey))
measure('GenerateDataKey: decode and validate', () => readDataKey(dataKeyBody))
measure('  JSON.parse alone', () => JSON.parse(dataKeyBody.toString()))
measure('  JSON.parse behind a strictness scan', () => {
  const cursor = cursorOver(dataKeyBody)
  if (cursor === undefined || !skipValue(cursor, 1)) throw new Error('the body is refused')
  return JSON.parse(dataKeyBody.toString())
})
for (const [name, body] of Object.entries({ '32 bytes': body32, '4096 bytes': body4096 })) {
  measure(`Encrypt of ${name}: decode and validate`, () => {
    const input = readEncrypt(body)
    if (isRefusal(input)) throw new Error('the body is refused')
    input.Plaintext.destroy()
    return input
  })
}
const encodeAnswer = compileEncoder(dataKeyAnswer)
measure('GenerateDataKey: encode', () => encodeAnswer(answer))
const encodeEncrypt = compileEncoder(encryptAnswer)
const encrypted = { CiphertextBlob: Buffer.alloc(132, 1), KeyId: arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
measure('Encrypt: encode', () => encodeEncrypt(encrypted))
const refused = { refused: true, code: 'NotFoundException', message: `Key '${arn}' does not exist` } as const
measure('error: encode', () => encodeError(refused))
const large = { CiphertextBlob: Buffer.alloc(4096), Plaintext: new SecretBytes(Buffer.alloc(4096)), KeyId: arn }
measure('secret of 4096 bytes: encode', () => encodeAnswer(large))
destroySecrets(decodedDataKey)
if (sink === undefined) throw new Error('nothing was measured')
