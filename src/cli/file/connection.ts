import type * as Sdk from '@aws-crypto/client-node'
import { trustedCertificates } from './aws-files.ts'
import type { Environment } from './aws-files.ts'
import { FileError } from './errors.ts'

/** The AWS Encryption SDK; types only, because loading it takes a fifth of a second that other commands must not pay. */
export type EncryptionSdk = typeof Sdk
type Kms = InstanceType<EncryptionSdk['KMS']>
type KeyringInput = NonNullable<ConstructorParameters<EncryptionSdk['KmsKeyringNode']>[0]>
/** Gives a KMS client for a region, `''` for the region of the configuration. */
export type ClientProvider = NonNullable<KeyringInput['clientProvider']>

/** What the command line says about the connection; what it leaves out comes from the AWS variables and files. */
export interface ConnectionOptions {
  readonly endpointUrl?: string
  readonly region?: string
  readonly profile?: string
}

/** The KMS that a command talks to. `close` ends its connections. */
export interface KmsConnection {
  readonly clientProvider: ClientProvider
  /** Number of requests sent for data keys so far. */
  requests(): number
  /** The KMS error since the last call, because keyrings report it only inside a text. */
  takeError(): unknown
  /** The key ARN of a key id, alias or ARN of either, by DescribeKey. Throws what the SDK throws. */
  keyArn(keyId: string): Promise<string>
  close(): void
}

/** Prepares the connection; nothing is sent yet. Throws FileError `ca-bundle`. */
export async function connect(
  sdk: EncryptionSdk,
  options: ConnectionOptions,
  environment: Environment,
): Promise<KmsConnection> {
  const ca = await trustedCertificates(environment)
  // AWS_DEFAULT_REGION is the name that the AWS CLI and boto3 know; the SDK for JavaScript reads AWS_REGION only.
  const region = options.region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']
  const settings = {
    ...(options.endpointUrl === undefined ? {} : { endpoint: options.endpointUrl }),
    ...(region === undefined ? {} : { region }),
    customUserAgent: 'trent-file',
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      httpsAgent: { keepAlive: true, ...(ca === undefined ? {} : { ca }) },
    },
  }
  const clients = new Map<string, Kms>()
  let sent = 0
  let lastError: unknown

  function clientIn(name: string): Kms {
    const known = clients.get(name)
    if (known !== undefined) return known
    const made = new sdk.KMS(name === '' ? settings : { ...settings, region: name })
    clients.set(name, made)
    return made
  }
  async function counted<T>(request: Promise<T>): Promise<T> {
    sent += 1
    try {
      return await request
    } catch (error) {
      lastError = error
      throw error
    }
  }
  return {
    clientProvider: (name) => {
      const client = clientIn(name)
      // The SDK checks these members too, but its types do not allow for their absence.
      return {
        generateDataKey: async (input) => {
          const { KeyId, Plaintext, CiphertextBlob } = await counted(client.generateDataKey(input))
          if (KeyId === undefined || Plaintext === undefined || CiphertextBlob === undefined) throw incomplete()
          return { KeyId, Plaintext, CiphertextBlob }
        },
        encrypt: async (input) => {
          const { KeyId, CiphertextBlob } = await counted(client.encrypt(input))
          if (KeyId === undefined || CiphertextBlob === undefined) throw incomplete()
          return { KeyId, CiphertextBlob }
        },
        decrypt: async (input) => {
          const { KeyId, Plaintext } = await counted(client.decrypt(input))
          if (KeyId === undefined || Plaintext === undefined) throw incomplete()
          return { KeyId, Plaintext }
        },
      }
    },
    requests: () => sent,
    takeError: () => {
      const error = lastError
      lastError = undefined
      return error
    },
    keyArn: async (keyId) => {
      const answer = await clientIn(regionOf(keyId)).describeKey({ KeyId: keyId })
      const arn = answer.KeyMetadata?.Arn
      if (arn === undefined) throw incomplete()
      return arn
    },
    close: () => {
      for (const client of clients.values()) client.destroy()
    },
  }
}

const incomplete = (): FileError =>
  new FileError('not-kms', 'the answer of the endpoint is not one of KMS: check --endpoint-url or AWS_ENDPOINT_URL_KMS')

/** The region inside an ARN, else `''`. */
function regionOf(keyId: string): string {
  return keyId.startsWith('arn:') ? (keyId.split(':')[3] ?? '') : ''
}
