/** The key file: 32 random bytes as 64 hex digits and a line feed (what `openssl rand -hex 32` prints), for its owner only. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { Random } from '#ports/edge.ts'
import { writeDurably } from '#files/durable-file.ts'
import { fileReason } from '#files/file-reason.ts'
import { SealError } from './seal-error.ts'
import { readSecretFile } from './secret-file.ts'

const what = 'the key file'
const keyBytes = 32
const form = 'it must hold 64 hex digits and nothing else, as `openssl rand -hex 32` prints them'

/** Where the key file is unless configured: beside the data, which protects nothing when the disk is stolen. */
export function defaultKeyFile(dataDir: string): string {
  return join(dataDir, 'seal.key')
}

/** Whether key file and data are on the same file system, so that whoever takes one has both. */
export async function sameDisk(dataDir: string, keyFile: string): Promise<boolean> {
  const [data, key] = await Promise.all([stat(dataDir), stat(keyFile)])
  return data.dev === key.dev
}

/** The key of the file at `path`. Throws SealError. */
export async function readKeyFile(path: string): Promise<SecretBytes> {
  const text = await readSecretFile(what, path, 1024)
  if (text === undefined) {
    throw new SealError(
      `cannot read ${what} ${path}: there is no such file; ` +
        'without it nothing here can be decrypted: restore it from its backup, or configure where it is',
    )
  }
  return parseKeyFile(path, text)
}

/** The key of the file at `path`, which is made when there is none. Throws SealError. */
export async function readOrCreateKeyFile(path: string, random: Random): Promise<SecretBytes> {
  const text = await readSecretFile(what, path, 1024)
  if (text !== undefined) return parseKeyFile(path, text)
  const bytes = random.bytes(keyBytes)
  const digits = Buffer.alloc(keyBytes * 2 + 1)
  for (const [index, byte] of bytes.entries()) {
    digits[index * 2] = hexDigit(byte >>> 4)
    digits[index * 2 + 1] = hexDigit(byte & 15)
  }
  digits[keyBytes * 2] = 0x0a
  try {
    await writeDurably(path, digits, 0o400, random)
  } catch (error) {
    bytes.fill(0)
    throw new SealError(
      `cannot write ${what} ${path}: ${fileReason(error)}; make its directory writable or configure another place`,
    )
  } finally {
    digits.fill(0)
  }
  return new SecretBytes(bytes)
}

/** Decodes without a string on the way, which couldn't be overwritten; overwrites `text`. */
function parseKeyFile(path: string, text: Buffer): SecretBytes {
  const bytes = Buffer.alloc(keyBytes)
  try {
    const rest = text.toString('latin1', keyBytes * 2)
    if (text.length < keyBytes * 2 || !/^\r?\n?$/.test(rest)) {
      throw new SealError(`${what} ${path} has the wrong size, ${text.length} bytes; ${form}`)
    }
    for (let index = 0; index < keyBytes; index += 1) {
      const value = hexValue(text[index * 2]) * 16 + hexValue(text[index * 2 + 1])
      if (Number.isNaN(value)) throw new SealError(`${what} ${path} is damaged; ${form}`)
      bytes[index] = value
    }
    return new SecretBytes(bytes)
  } finally {
    text.fill(0)
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}

function hexValue(character: number | undefined): number {
  if (character === undefined) return NaN
  if (character >= 0x30 && character <= 0x39) return character - 0x30
  const lower = character | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : NaN
}
