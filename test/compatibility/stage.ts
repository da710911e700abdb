/**
 * Where proofs are made: the AWS SDK for JavaScript against a started server, or against the service in this process. What the
 * client saw is noted by a middleware of the SDK, so that no step can say of itself what it was answered.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import * as sdk from '@aws-sdk/client-kms'
import { credentialsOf, region as regionHere, type InProcessKms } from '../support/in-process-kms.ts'

export type Json = Readonly<Record<string, unknown>>

/** Kinds of keys by what they are for. */
export type Kind =
  'symmetric' | 'mac' | 'signing' | 'encryption' | 'agreement' | 'encapsulation' | 'imported' | 'primary'
export type StageState = 'Enabled' | 'Disabled' | 'PendingDeletion'

/** A key with what it made while it was enabled, as far as its kind makes such. */
export interface StageKey {
  readonly id: string
  readonly arn: string
  readonly ciphertext: unknown
  readonly mac: unknown
  readonly signature: unknown
  readonly encapsulated: unknown
}

/** An operation and how it ended: `success`, or the name of the exception. */
export type Seen = readonly [operation: string, outcome: string]

export const bytes = Buffer.from('attack at dawn')
const created: Readonly<Record<Kind, Json>> = {
  symmetric: {},
  mac: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  signing: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
  encryption: { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
  agreement: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' },
  encapsulation: { KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' },
  imported: { Origin: 'EXTERNAL' },
  primary: { MultiRegion: true },
}

/** The public key of somebody with whom a key agrees on a secret. */
export const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
  format: 'der',
  type: 'spki',
})

type Sends = (operation: string, input: Json) => Promise<unknown>

export class Stage {
  /** What the client saw, in its order. */
  readonly seen: Seen[] = []
  readonly #client: () => sdk.KMSClient
  readonly #keys = new Map<string, Promise<StageKey>>()
  #aliases = 0

  /** `client` answers the client for the next request. */
  constructor(client: () => sdk.KMSClient) {
    this.#client = client
  }

  /** Sends one request. Rejects with the SDK's exception. */
  async call(operation: string, input: Json): Promise<Json> {
    const client = this.#client()
    const note = (outcome: string): void => void this.seen.push([operation, outcome])
    client.middlewareStack.add(
      (next, context) => async (args) => {
        assert.equal(context.commandName, `${operation}Command`)
        try {
          const answer = await next(args)
          note('success')
          return answer
        } catch (error) {
          note(error instanceof sdk.KMSServiceException ? error.name : String(error))
          throw error
        }
      },
      { step: 'initialize', name: 'proofs', override: true },
    )
    const output = await sendsOf(client)(operation, input)
    assert.ok(typeof output === 'object' && output !== null)
    return { ...output }
  }

  /** A key that nobody changes. */
  key(kind: Kind = 'symmetric', state: StageState = 'Enabled'): Promise<StageKey> {
    const name = `${kind} ${state}`
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const made = this.fresh(kind, state)
    this.#keys.set(name, made)
    return made
  }

  /** A new key. */
  async fresh(kind: Kind = 'symmetric', state: StageState = 'Enabled'): Promise<StageKey> {
    const { KeyMetadata } = await this.call('CreateKey', created[kind])
    const { KeyId, Arn } = KeyMetadata as { readonly KeyId: string; readonly Arn: string }
    const key = { id: KeyId, arn: Arn, ...(await this.#made(kind, KeyId)) }
    if (state === 'Disabled') await this.call('DisableKey', { KeyId })
    if (state === 'PendingDeletion') await this.call('ScheduleKeyDeletion', { KeyId })
    return key
  }

  async #made(kind: Kind, KeyId: string): Promise<Omit<StageKey, 'id' | 'arn'>> {
    const what = { ciphertext: undefined, mac: undefined, signature: undefined, encapsulated: undefined }
    switch (kind) {
      case 'symmetric': {
        const { CiphertextBlob } = await this.call('Encrypt', { KeyId, Plaintext: bytes })
        return { ...what, ciphertext: CiphertextBlob }
      }
      case 'mac': {
        const { Mac } = await this.call('GenerateMac', { KeyId, Message: bytes, MacAlgorithm: 'HMAC_SHA_256' })
        return { ...what, mac: Mac }
      }
      case 'signing': {
        const { Signature } = await this.call('Sign', { KeyId, Message: bytes, SigningAlgorithm: 'ECDSA_SHA_256' })
        return { ...what, signature: Signature }
      }
      case 'encapsulation': {
        const made = await this.call('Encapsulate', { KeyId, EncapsulationAlgorithm: 'ML_KEM' })
        return { ...what, encapsulated: made['SharedSecretCiphertextBlob'] }
      }
      case 'encryption':
      case 'agreement':
      case 'imported':
      case 'primary':
        return what
    }
  }

  /** A name that no alias has. */
  aliasName(): string {
    return `alias/proof-${(this.#aliases += 1)}`
  }

  /** A new alias of the key `id`. */
  async alias(id: string): Promise<string> {
    const AliasName = this.aliasName()
    await this.call('CreateAlias', { AliasName, TargetKeyId: id })
    return AliasName
  }

  /** Grant id and grant token of a new grant on the key `id`. */
  async grant(id: string): Promise<Json> {
    const GranteePrincipal = await this.rootArn()
    return this.call('CreateGrant', { KeyId: id, GranteePrincipal, Operations: ['DescribeKey'] })
  }

  /** The ARN of the account's root user. */
  async rootArn(): Promise<string> {
    const { arn } = await this.key()
    return `arn:aws:iam::${arn.split(':')[4] ?? ''}:root`
  }
}

/** Sends the operation's command. The SDK exports a class for each, by its name. */
function sendsOf(client: sdk.KMSClient): Sends {
  return (operation, input) => {
    const Command: unknown = Reflect.get(sdk, `${operation}Command`)
    assert.ok(isCommand(Command), `the SDK has no ${operation}`)
    return client.send(new Command(input))
  }
}

type AnyCommand = new (input: Json) => sdk.DescribeKeyCommand

function isCommand(value: unknown): value is AnyCommand {
  return typeof value === 'function'
}

/** What the SDK hands to whoever sends its requests. */
interface OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Clients of the service in this process, whose clock may be moved between their requests. */
export function clientsOf(kms: InProcessKms): () => sdk.KMSClient {
  return () =>
    new sdk.KMSClient({
      region: regionHere,
      endpoint: 'http://kms.example.com',
      credentials: credentialsOf('root'),
      maxAttempts: 1,
      systemClockOffset: kms.now - Date.now(),
      requestHandler: {
        async handle(request: OutgoingRequest) {
          const operation = (request.headers['x-amz-target'] ?? '').split('.')[1] ?? ''
          const { body } = request
          assert.ok(typeof body === 'string' || body instanceof Uint8Array)
          const { status, text } = await kms.answer(operation, {
            method: request.method,
            target: request.path,
            headers: request.headers,
            body: typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          })
          return {
            response: {
              statusCode: status,
              headers: { 'content-type': 'application/x-amz-json-1.1' },
              body: Readable.from([Buffer.from(text)]),
            },
          }
        },
      },
    })
}
