/**
 * A small remote KMS for the command's tests: four operations over HTTP, no signatures checked, requests counted. Keys are
 * AES-256-GCM with the encryption context as additional data; ciphertexts begin with the key id.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface FakeKms {
  readonly url: string
  readonly keyArns: readonly string[]
  /** Requests so far by operation name, e.g. `GenerateDataKey`. */
  readonly calls: Map<string, number>
  close(): Promise<void>
}

interface Request {
  readonly KeyId?: string
  readonly NumberOfBytes?: number
  readonly Plaintext?: string
  readonly CiphertextBlob?: string
  readonly EncryptionContext?: Readonly<Record<string, string>>
}
interface Key {
  readonly id: string
  readonly arn: string
  readonly material: Buffer
}

const ids = ['11111111-2222-3333-4444-555555555555', '66666666-7777-8888-9999-aaaaaaaaaaaa']

/** Starts with two keys; `alias/files` is the first. With `tls` it speaks HTTPS under the name `localhost`. */
export async function startFakeKms(tls?: { readonly key: string; readonly cert: string }): Promise<FakeKms> {
  const keys: Key[] = ids.map((id) => ({
    id,
    arn: `arn:aws:kms:us-east-1:123456789012:key/${id}`,
    material: randomBytes(32),
  }))
  const calls = new Map<string, number>()
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '')
    calls.set(operation, (calls.get(operation) ?? 0) + 1)
    answer(keys, operation, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: tls === undefined ? `http://127.0.0.1:${address.port}` : `https://localhost:${address.port}`,
    keyArns: keys.map((key) => key.arn),
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  keys: readonly Key[],
  operation: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const input = JSON.parse(Buffer.concat(chunks).toString()) as Request
  const result = perform(keys, operation, input)
  response.writeHead('__type' in result ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
  response.end(JSON.stringify(result))
}

type Answer = Readonly<Record<string, unknown>>
const failure = (type: string, message: string): Answer => ({ __type: type, message })

function perform(keys: readonly Key[], operation: string, input: Request): Answer {
  const named = input.KeyId === 'alias/files' ? ids[0] : input.KeyId
  const key = keys.find((one) => one.id === named || one.arn === named)
  if (key === undefined) return failure('NotFoundException', `Key '${String(input.KeyId)}' does not exist`)
  const aad = Buffer.from(JSON.stringify(Object.entries(input.EncryptionContext ?? {}).sort()))
  if (operation === 'DescribeKey') return { KeyMetadata: { KeyId: key.id, Arn: key.arn } }
  if (operation === 'GenerateDataKey') {
    const plaintext = randomBytes(input.NumberOfBytes ?? 32)
    return { KeyId: key.arn, Plaintext: plaintext.toString('base64'), CiphertextBlob: seal(key, plaintext, aad) }
  }
  if (operation === 'Encrypt')
    return { KeyId: key.arn, CiphertextBlob: seal(key, Buffer.from(input.Plaintext ?? '', 'base64'), aad) }
  if (operation === 'Decrypt') {
    const plaintext = open(key, Buffer.from(input.CiphertextBlob ?? '', 'base64'), aad)
    if (plaintext === undefined) return failure('InvalidCiphertextException', '')
    return { KeyId: key.arn, Plaintext: plaintext.toString('base64') }
  }
  return failure('UnknownOperationException', '')
}

function seal(key: Key, plaintext: Buffer, aad: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(aad)
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([Buffer.from(key.id), iv, cipher.getAuthTag(), body]).toString('base64')
}

function open(key: Key, blob: Buffer, aad: Buffer): Buffer | undefined {
  if (blob.length < 64 || blob.toString('latin1', 0, 36) !== key.id) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(36, 48))
  decipher.setAAD(aad).setAuthTag(blob.subarray(48, 64))
  try {
    return Buffer.concat([decipher.update(blob.subarray(64)), decipher.final()])
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
