/** Reading a seed file: this project's own form. What it means is in docs/testing.md. */
import { parseAccountId } from '#base/brand.ts'
import { accessKeyId, InvalidValue, secretAccessKey } from '#config/values.ts'
import { readKey } from './read-key.ts'
import type { Seed, SeedAccount } from './seed.ts'
import type { Spot, SpotReader } from './spot.ts'

const longestName = 50

export function readSeed(reader: SpotReader, file: Spot): Seed {
  const parts = reader.parts(file, ['version', 'accounts', 'keys']) ?? {}
  reader.choice(parts.version, ['1'], 'version of this form')
  const keys = reader.items(parts.keys).map((spot) => readKey(reader, spot))
  return {
    accounts: reader.items(parts.accounts).flatMap((spot) => readAccount(reader, spot) ?? []),
    keys: keys.flatMap((found) => found?.key ?? []),
    aliases: keys.flatMap((found) => found?.aliases ?? []),
  }
}

function readAccount(reader: SpotReader, spot: Spot): SeedAccount | undefined {
  const parts = reader.parts(spot, ['id', 'name', 'root-access-key'])
  if (parts === undefined) return undefined
  if (parts.id === undefined) {
    reader.problem(spot, 'an account needs its id; write id: with twelve digits')
    return
  }
  const account = reader.parsed(parts.id, parseAccountId, 'an account id; write twelve digits')
  const name = reader.parsed(
    parts.name,
    (text) => (text.length <= longestName && /^[\u0020-\u007e]*$/.test(text) ? text : undefined),
    `a name; it has at most ${longestName} printable ASCII characters`,
  )
  const root = parts['root-access-key']
  const halves = root === undefined ? undefined : reader.parts(root, ['id', 'secret'])
  if (root !== undefined && (halves?.id === undefined || halves.secret === undefined)) {
    reader.problem(root, 'an access key has two halves; write id: and secret:')
    return
  }
  const id = halves?.id && setting(reader, halves.id, accessKeyId)
  const secret = halves?.secret && setting(reader, halves.secret, secretAccessKey)
  if (account === undefined) return undefined
  const rootAccessKey = id === undefined || secret === undefined ? undefined : { id, secret }
  return { where: reader.where(spot), account, name, rootAccessKey }
}

/** A value that settings have as well: in their words. */
function setting<T>(reader: SpotReader, spot: Spot, parse: (text: string) => T): T | undefined {
  const text = reader.text(spot)
  if (text === undefined) return undefined
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof InvalidValue) {
      reader.problem(spot, error.message)
      return
    }
    throw error
  }
}
