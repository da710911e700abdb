/** A data directory with keys that somebody was told about, to be harmed and repaired. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { launch, readAccessKey, region, type Launch } from './program.ts'
import { createKey, KmsWire, textOf } from './wire.ts'

export interface Filled {
  readonly keys: readonly string[]
  readonly blobs: readonly string[]
}

const plaintext = Buffer.from('known to those who were told').toString('base64')

/** Creates an installation with some keys in `directory` and stops its server. */
export async function fill(options: Launch): Promise<Filled> {
  const server = launch(options)
  const client = new KmsWire(await server.ready, readAccessKey(options.directory), region)
  const filled = await addKeys(client, 3)
  client.close()
  assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
  return filled
}

export async function addKeys(client: KmsWire, count: number): Promise<Filled> {
  const keys: string[] = []
  const blobs: string[] = []
  for (let index = 0; index < count; index += 1) {
    const KeyId = await createKey(client, { Description: `number ${index}` })
    const output = await client.call('Encrypt', { KeyId, Plaintext: plaintext })
    keys.push(KeyId)
    blobs.push(textOf(output, 'CiphertextBlob'))
  }
  return { keys, blobs }
}

/** Starts on the repaired directory: everything is there and works, also changes. */
export async function requireWhole(options: Launch, { keys, blobs }: Filled): Promise<void> {
  const server = launch(options)
  const client = new KmsWire(await server.ready, readAccessKey(options.directory), region)
  await requireKeys(client, { keys, blobs })
  await createKey(client)
  client.close()
  assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
  assert.doesNotMatch(server.stderr(), /"level":[56]0/)
}

export async function requireKeys(client: KmsWire, { keys, blobs }: Filled): Promise<void> {
  for (const [index, blob] of blobs.entries()) {
    const output = await client.call('Decrypt', { CiphertextBlob: blob, KeyId: keys[index] })
    assert.equal(output['Plaintext'], plaintext)
  }
}

/** A copy of a stopped server's directory. */
export function copyDirectory(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { mode: 0o700 })
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('.sock') })
}

/** Runs `work` on the keys' database as another program would. */
export function withDatabase<T>(directory: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(directory, 'keys.db'), { timeout: 5000 })
  try {
    return work(db)
  } finally {
    db.close()
  }
}
