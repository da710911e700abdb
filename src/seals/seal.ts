/** Sealing an installation when it is created and unsealing it at each start: what stands between a stolen disk and its keys. */
import { createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SecretBytes } from '#base/secret-bytes.ts'
import { ivLength, lengthPrefixed, unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import { keyLength, rootKey } from '#crypto/key-hierarchy.ts'
import type { Random } from '#ports/edge.ts'
import { descriptorPath, readDescriptor, writeDescriptor } from './descriptor.ts'
import type { SealDescriptor, SealType } from './descriptor.ts'
import { readKeyFile, readOrCreateKeyFile } from './key-file.ts'
import { acceptableCost, costFloor, defaultCost, readPassphrase, stretch } from './passphrase.ts'
import type { Argon2Cost, PassphraseParameters, PassphraseSource } from './passphrase.ts'
import { SealError } from './seal-error.ts'

/** Where the operator keeps what opens the seal; only the one that the seal's type needs is touched. */
export interface SealSources {
  readonly keyFile: string
  readonly passphrase: PassphraseSource
}

export interface SealCreation {
  readonly dataDir: string
  readonly installationId: string
  readonly type: SealType
  readonly sources: SealSources
  readonly random: Random
  /** Of a passphrase seal; at least 64 MiB and 3 passes. */
  readonly cost?: Argon2Cost
}

/** An open seal. The caller owns the root key and destroys it when the hierarchy is open. */
export interface Unsealed {
  readonly root: SecretBytes
  readonly installationId: string
  readonly type: SealType
  readonly generation: number
}

/**
 * Makes a root key and seals it. A key file that is there is used, else made. Throws SealError, also when the directory has
 * a seal already. `floor` is for tests, which can't spend half a second on each passphrase.
 */
export async function createSeal(creation: SealCreation, floor: Argon2Cost = costFloor): Promise<Unsealed> {
  const { dataDir, installationId, type, sources, random, cost = defaultCost } = creation
  const path = descriptorPath(dataDir)
  if ((await readDescriptor(path)) !== undefined) throw new SealError(`there is a seal already: ${path}`)
  const generation = 1
  if (type === 'passphrase') requireCost(cost, floor)
  const parameters = { ...cost, salt: random.bytes(16) }
  const secret =
    type === 'key-file'
      ? await readOrCreateKeyFile(sources.keyFile, random)
      : await stretched(sources.passphrase, true, parameters)
  const key = sealKey(secret, installationId, type)
  const root = new SecretBytes(random.bytes(keyLength))
  const aad = rootIdentity(installationId, type, generation)
  const wrappedRoot = wrapBytes(key, random.bytes(ivLength), root.insecureSecretAccess(), aad)
  const base = { installationId, generation, wrappedRoot, keyCheck: keyCheck(root, installationId).toString('hex') }
  await writeDescriptor(path, type === 'key-file' ? { ...base, type } : { ...base, type, parameters }, random)
  return { root, installationId, type, generation }
}

/** Opens the seal of the installation in `dataDir`; undefined when it has none. Throws SealError. `floor` as in createSeal. */
export async function unseal(
  dataDir: string,
  sources: SealSources,
  floor: Argon2Cost = costFloor,
): Promise<Unsealed | undefined> {
  const path = descriptorPath(dataDir)
  const descriptor = await readDescriptor(path)
  if (descriptor === undefined) return undefined
  const { installationId, type, generation } = descriptor
  const key = await openingKey(descriptor, sources, floor)
  const bytes = unwrapBytes(key, descriptor.wrappedRoot, rootIdentity(installationId, type, generation))
  if (bytes === undefined) {
    throw new SealError(
      type === 'key-file'
        ? `the key file ${sources.keyFile} is not the one of this installation (${installationId})`
        : 'the passphrase is wrong',
    )
  }
  const root = new SecretBytes(bytes)
  const check = Buffer.from(descriptor.keyCheck, 'hex')
  const expected = keyCheck(root, installationId)
  if (check.length !== expected.length || !timingSafeEqual(check, expected)) {
    root.destroy()
    throw new SealError(
      `the root key in the seal descriptor ${path} is not the one of this installation (${installationId})`,
    )
  }
  return { root, installationId, type, generation }
}

async function openingKey(descriptor: SealDescriptor, sources: SealSources, floor: Argon2Cost): Promise<KeyObject> {
  const { installationId, type } = descriptor
  if (type === 'key-file') return sealKey(await readKeyFile(sources.keyFile), installationId, type)
  requireCost(descriptor.parameters, floor)
  return sealKey(await stretched(sources.passphrase, false, descriptor.parameters), installationId, type)
}

async function stretched(
  source: PassphraseSource,
  isNew: boolean,
  parameters: PassphraseParameters,
): Promise<SecretBytes> {
  const passphrase = await readPassphrase(source, isNew)
  try {
    return await stretch(passphrase, parameters)
  } finally {
    passphrase.destroy()
  }
}

function requireCost(cost: Argon2Cost, floor: Argon2Cost): void {
  if (acceptableCost(cost, floor)) return
  throw new SealError(
    `argon2id with ${cost.memory} KiB, ${cost.passes} passes and parallelism ${cost.parallelism} is refused: ` +
      `at least ${floor.memory} KiB and ${floor.passes} passes, at most 4 GiB`,
  )
}

/** The key that wraps the root key; destroys `secret`. One secret used for two types or installations gives unrelated keys. */
function sealKey(secret: SecretBytes, installationId: string, type: SealType): KeyObject {
  const bytes = Buffer.from(
    hkdfSync('sha256', secret.insecureSecretAccess(), installationId, `trent/seal/${type}/v1`, keyLength),
  )
  secret.destroy()
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function keyCheck(root: SecretBytes, installationId: string): Buffer {
  return rootKey(root, installationId, 'key-check')
}

function rootIdentity(installationId: string, type: SealType, generation: number): Buffer {
  return lengthPrefixed('seal', installationId, type, String(generation))
}
