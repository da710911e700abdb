/**
 * The seal descriptor, `seal.json` in the data directory: how to get from what the operator holds to the root key. Nothing
 * in it is secret, but whoever has it and a weak passphrase can guess, so it is its owner's to read.
 */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '#ports/edge.ts'
import { writeDurably } from '#files/durable-file.ts'
import type { Argon2Cost, PassphraseParameters } from './passphrase.ts'
import { fileReason, isMissing } from '#files/file-reason.ts'
import { SealError } from './seal-error.ts'

/** The form of descriptor that this program writes. */
const version = 1

export type SealType = 'key-file' | 'passphrase'

interface DescriptorBase {
  readonly installationId: string
  /** 1 when created, one more with each change of the seal. */
  readonly generation: number
  /** The root key, AES-256-GCM under the seal's key, bound to installation, type and generation. */
  readonly wrappedRoot: Buffer
  /** Derived from the root key: shows that what was unwrapped is the root key. Hex. */
  readonly keyCheck: string
}

export type SealDescriptor =
  | (DescriptorBase & { readonly type: 'key-file' })
  | (DescriptorBase & { readonly type: 'passphrase'; readonly parameters: PassphraseParameters })

/** Where the descriptor of the installation in `dataDir` is. */
export function descriptorPath(dataDir: string): string {
  return join(dataDir, 'seal.json')
}

/** Writes the descriptor, replacing the one there is. Throws SealError. */
export async function writeDescriptor(path: string, descriptor: SealDescriptor, random: Random): Promise<void> {
  try {
    await writeDurably(path, Buffer.from(encodeDescriptor(descriptor)), 0o600, random)
  } catch (error) {
    throw new SealError(`cannot write the seal descriptor ${path}: ${fileReason(error)}`)
  }
}

/** The descriptor at `path`, or undefined when there is none. Throws SealError when it can't be read or used. */
export async function readDescriptor(path: string): Promise<SealDescriptor | undefined> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new SealError(`cannot read the seal descriptor ${path}: ${fileReason(error)}`)
  }
  return parseDescriptor(path, text)
}

function encodeDescriptor(descriptor: SealDescriptor): string {
  const { installationId, type, generation, keyCheck } = descriptor
  const wrappedRoot = descriptor.wrappedRoot.toString('base64')
  const parameters =
    type === 'passphrase'
      ? { argon2id: { ...costOf(descriptor.parameters), salt: descriptor.parameters.salt.toString('base64') } }
      : {}
  const content = { version, installationId, type, generation, parameters, wrappedRoot, keyCheck }
  // Not a protection, GCM is: it tells a damaged file from a wrong passphrase.
  const checksum = hash('sha256', JSON.stringify(content), 'hex')
  return `${JSON.stringify({ ...content, checksum }, undefined, 2)}\n`
}

function costOf({ memory, passes, parallelism }: Argon2Cost): Argon2Cost {
  return { memory, passes, parallelism }
}

function parseDescriptor(path: string, text: string): SealDescriptor {
  const content = record(parseJson(text))
  if (content === undefined) throw damaged(path)
  if (typeof content['version'] === 'number' && content['version'] > version) {
    throw new SealError(
      `the seal descriptor ${path} has version ${content['version']}, written by a newer trent; this one knows version ${version}`,
    )
  }
  const descriptor = descriptorOf(content)
  // Written again it must be the same text: no checksum, spelling or unknown member differs.
  if (descriptor === undefined || encodeDescriptor(descriptor) !== text) throw damaged(path)
  return descriptor
}

function damaged(path: string): SealError {
  return new SealError(`the seal descriptor ${path} is damaged; restore it from a backup of the data directory`)
}

function descriptorOf(content: Record<string, unknown>): SealDescriptor | undefined {
  const { installationId, type, generation, wrappedRoot, keyCheck } = content
  if (typeof installationId !== 'string' || typeof generation !== 'number') return undefined
  if (typeof wrappedRoot !== 'string' || typeof keyCheck !== 'string') return undefined
  const base = { installationId, generation, wrappedRoot: Buffer.from(wrappedRoot, 'base64'), keyCheck }
  if (type === 'key-file') return { ...base, type }
  if (type !== 'passphrase') return undefined
  const cost = record(record(content['parameters'])?.['argon2id'])
  if (cost === undefined) return undefined
  const { memory, passes, parallelism, salt } = cost
  if (typeof memory !== 'number' || typeof passes !== 'number' || typeof parallelism !== 'number') return undefined
  if (typeof salt !== 'string') return undefined
  return { ...base, type, parameters: { memory, passes, parallelism, salt: Buffer.from(salt, 'base64') } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}
