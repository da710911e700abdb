import { argon2 } from 'node:crypto'
import { promisify } from 'node:util'
import { SecretBytes } from '#base/secret-bytes.ts'
import { SealError } from './seal-error.ts'
import { readSecretFile } from './secret-file.ts'
import { promptSecret } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Where the passphrase comes from. */
export type PassphraseSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'terminal'; readonly terminal?: Terminal }

/** What argon2id (RFC 9106) costs whoever tries a passphrase. */
export interface Argon2Cost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** How one seal turns its passphrase into a key. */
export interface PassphraseParameters extends Argon2Cost {
  /** 16 random bytes. */
  readonly salt: Buffer
}

/** Used unless configured: 256 MiB, 0.4 seconds on two 2020s server cores. */
export const defaultCost: Argon2Cost = { memory: 256 * 1024, passes: 3, parallelism: 4 }

/** No configuration and no descriptor goes below this: memory and passes of RFC 9106's second recommended option. */
export const costFloor: Argon2Cost = { memory: 64 * 1024, passes: 3, parallelism: 1 }

// A descriptor that asks for more is damaged; deriving would only exhaust the machine.
const costCeiling: Argon2Cost = { memory: 4 * 1024 * 1024, passes: 64, parallelism: 64 }

const fewest = 8
const most = 1024

/** Whether `cost` may be used: not below `floor` in any part, not absurd, and not refused by argon2 itself. */
export function acceptableCost(cost: Argon2Cost, floor: Argon2Cost): boolean {
  const parts = ['memory', 'passes', 'parallelism'] as const
  for (const part of parts) {
    const value = cost[part]
    if (!Number.isSafeInteger(value) || value < floor[part] || value > costCeiling[part]) return false
  }
  return cost.memory >= 8 * cost.parallelism
}

/**
 * The passphrase from `source`; a person at a terminal types it twice when it is new. Its bytes are used as they are: one
 * line end of a file isn't part of it, and Unicode isn't normalized. Throws SealError.
 */
export async function readPassphrase(
  source: PassphraseSource,
  isNew: boolean,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<SecretBytes> {
  const passphrase = await readFrom(source, isNew, environment)
  if (passphrase.length < (isNew ? fewest : 1)) {
    passphrase.destroy()
    throw new SealError(isNew ? `a passphrase has at least ${fewest} bytes` : 'the passphrase is empty')
  }
  return passphrase
}

async function readFrom(
  source: PassphraseSource,
  isNew: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<SecretBytes> {
  switch (source.kind) {
    case 'file': {
      const bytes = await readSecretFile('the passphrase file', source.path, most)
      if (bytes === undefined) {
        throw new SealError(`cannot read the passphrase file ${source.path}: there is no such file`)
      }
      const passphrase = Buffer.alloc(lengthOfLine(bytes))
      bytes.copy(passphrase)
      bytes.fill(0)
      return new SecretBytes(passphrase)
    }
    case 'environment': {
      const text = environment[source.variable]
      if (text === undefined)
        throw new SealError(`the environment variable ${source.variable} with the passphrase is not set`)
      // Child processes have no use for it.
      Reflect.deleteProperty(environment, source.variable)
      return new SecretBytes(Buffer.from(text))
    }
    case 'terminal': {
      const passphrase = await promptSecret(isNew ? 'New seal passphrase: ' : 'Seal passphrase: ', source.terminal)
      if (!isNew) return passphrase
      const again = await promptSecret('The same again: ', source.terminal)
      const same = passphrase.insecureSecretAccess().equals(again.insecureSecretAccess())
      again.destroy()
      if (same) return passphrase
      passphrase.destroy()
      throw new SealError('the two passphrases differ')
    }
  }
}

function lengthOfLine(bytes: Buffer): number {
  let length = bytes.length
  if (bytes[length - 1] === 0x0a) length -= 1
  if (bytes[length - 1] === 0x0d) length -= 1
  return length
}

const argon2Async = promisify(argon2)

/** 32 bytes that only `passphrase` gives, after the work that `parameters` ask for. The caller owns them. */
export async function stretch(passphrase: SecretBytes, parameters: PassphraseParameters): Promise<SecretBytes> {
  const { memory, passes, parallelism, salt } = parameters
  const message = passphrase.insecureSecretAccess()
  return new SecretBytes(
    await argon2Async('argon2id', { message, nonce: salt, tagLength: 32, memory, passes, parallelism }),
  )
}
