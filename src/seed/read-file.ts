import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigError } from '#config/config-error.ts'
import { readTree } from '#config/yaml-tree.ts'
import { fileReason } from '#files/file-reason.ts'
import { isEmulatorSeed, readEmulatorSeed } from './read-emulator-seed.ts'
import { readSeed } from './read-seed.ts'
import type { Seed } from './seed.ts'
import { SpotReader } from './spot.ts'

/** A seed file: what it asks for, and what tells it from another. */
export interface SeedFile {
  readonly path: string
  readonly seed: Seed
  /** SHA-256 of its bytes, hex. */
  readonly digest: string
}

/** Reads the seed at `path`. Throws ConfigError with all that is wrong with it. */
export function readSeedFile(path: string): SeedFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new ConfigError([`${path}: the seed can't be read: ${fileReason(error)}; name a YAML or JSON file`])
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const content = readTree(bytes.toString('utf8'), path)
  bytes.fill(0)
  if (content.tree === undefined) throw new ConfigError(content.problems)
  const reader = new SpotReader((at) => content.place(at))
  const file = { tree: content.tree, path: '' }
  if (content.tree.kind === 'nothing') return { path, seed: { accounts: [], keys: [], aliases: [] }, digest }
  const seed = isEmulatorSeed(file) ? readEmulatorSeed(reader, file) : readSeed(reader, file)
  if (reader.problems.length > 0) throw new ConfigError(reader.problems)
  return { path, seed, digest }
}
