import { resolve } from 'node:path'
import type { Environment } from './aws-files.ts'
import { connect } from './connection.ts'
import type { ConnectionOptions, EncryptionSdk, KmsConnection } from './connection.ts'
import { FileError } from './errors.ts'
import { explain, explainDecryption, explainKms } from './explain.ts'
import type { Explanation } from './explain.ts'
import { decryptionMaterials, encryptionMaterials } from './materials.ts'
import type { CacheLimits, EncryptionContext, MaterialsManager } from './materials.ts'
import { walkMessage } from './message-walk.ts'
import { makeReport } from './report.ts'
import type { Outputs } from './report.ts'
import { findTargets } from './targets.ts'
import type { Direction } from './targets.ts'
import { transfer } from './transfer.ts'
import type { MakeStreams } from './transfer.ts'

/** What the command line asks for. */
export interface FileJob {
  readonly direction: Direction
  readonly paths: readonly string[]
  readonly output: string | undefined
  readonly force: boolean
  readonly json: boolean
  /** Encryption: at least one, the first generates the data keys. Decryption: none means any key. */
  readonly keyIds: readonly string[]
  readonly context: EncryptionContext
  readonly signed: boolean
  readonly cache: CacheLimits
  readonly connection: ConnectionOptions
}

/** Plaintext bytes per frame: a whole read, so that a file costs few small buffers; every reader accepts any length. */
const frameLength = 32 * 1024
/** A file that names more is refused: each may cost a KMS request. */
const maxEncryptedDataKeys = 32

/** Does the job, tells `outputs`, and resolves with the exit code: 0 when every file went well, else 1. */
export async function runFileJob(job: FileJob, environment: Environment, outputs: Outputs): Promise<0 | 1> {
  const sdk = await import('@aws-crypto/client-node')
  const kms = await connect(sdk, job.connection, environment)
  try {
    const materials = await makeMaterials(sdk, kms, job)
    return await transferAll(sdk, kms, job, materials, outputs)
  } finally {
    kms.close()
  }
}

async function makeMaterials(sdk: EncryptionSdk, kms: KmsConnection, job: FileJob): Promise<MaterialsManager> {
  if (job.direction === 'encrypt') return encryptionMaterials(sdk, kms, job.keyIds, job.cache)
  // Messages name their keys by ARN, and the keyring compares texts.
  const arns = await Promise.all(
    job.keyIds.map(async (keyId) => {
      if (/^arn:[^:]+:kms:[^:]+:[^:]+:key\//.test(keyId)) return keyId
      try {
        return await kms.keyArn(keyId)
      } catch (error) {
        const { code, message } = explainKms(error)
        throw new FileError(code, `cannot find the key ${keyId}: ${message}`, error)
      }
    }),
  )
  return decryptionMaterials(sdk, kms, arns, job.context, job.cache)
}

async function transferAll(
  sdk: EncryptionSdk,
  kms: KmsConnection,
  job: FileJob,
  materials: MaterialsManager,
  outputs: Outputs,
): Promise<0 | 1> {
  const report = makeReport(job.direction, job.json, outputs, () => performance.now())
  // Two sources with one name must not overwrite each other, not even with --force.
  const written = new Set<string>()
  for await (const item of findTargets(job.direction, job.paths, job.output)) {
    const { source } = item
    if (item.kind === 'skip') report.skipped(source, item.reason, item.expected)
    else if (item.kind === 'failure') report.failed(source, explain(item.error))
    else {
      const { target } = item
      kms.takeError()
      try {
        if (written.has(resolve(target)))
          throw new FileError(
            'exists',
            `this run has already written ${target}: encrypt or decrypt it with another --output`,
          )
        let keyIds: readonly string[] = []
        const makeStreams = streamsFor(sdk, job, materials, (ids) => {
          keyIds = ids
        })
        const onProgress = (done: number, size: number): void => report.progress(source, done, size)
        const bytes = await transfer({ source, target, force: job.force, onProgress }, makeStreams)
        written.add(resolve(target))
        report.done(source, target, bytes, keyIds)
      } catch (error) {
        report.failed(source, explainFailure(job.direction, error, kms.takeError()))
      }
    }
  }
  return report.finish(kms.requests()) ? 1 : 0
}

function explainFailure(direction: Direction, error: unknown, kmsError: unknown): Explanation {
  if (error instanceof FileError) return explain(error)
  if (kmsError !== undefined) return explainKms(kmsError)
  return direction === 'decrypt' ? explainDecryption(error) : explain(error)
}

function streamsFor(
  sdk: EncryptionSdk,
  job: FileJob,
  materials: MaterialsManager,
  onKeys: (keyIds: readonly string[]) => void,
): MakeStreams {
  const client = sdk.buildClient({
    commitmentPolicy: sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    maxEncryptedDataKeys,
  })
  const suites = sdk.AlgorithmSuiteIdentifier
  return (size) => {
    const walk = walkMessage()
    // decryptStream takes signed and unsigned messages and gives out plaintext before the signature is checked; nothing
    // reads the output before the pipeline has ended well, so that is no early release.
    const stream =
      job.direction === 'decrypt'
        ? client.decryptStream(materials)
        : client.encryptStream(materials, {
            suiteId: job.signed
              ? suites.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
              : suites.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
            encryptionContext: { ...job.context },
            frameLength,
            // Without the length the cache is not used.
            plaintextLength: size,
          })
    stream.once('MessageHeader', (header: { encryptedDataKeys: readonly { providerInfo: string }[] }) => {
      onKeys(header.encryptedDataKeys.map((key) => key.providerInfo))
    })
    return job.direction === 'decrypt'
      ? { stream, inspect: (chunk) => walk.accept(chunk), end: () => walk.end() }
      : { stream }
  }
}
