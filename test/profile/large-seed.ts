/** A seed of very many keys, and how many of them a server has. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paginateListKeys } from '@aws-sdk/client-kms'
import type { TestServer } from '../support/server.ts'

const digest = (index: number): string => createHash('sha256').update(`key ${index}`).digest('hex')

function keyId(index: number): string {
  const hex = digest(index)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The path of a new seed in `directory` with `count` keys, each with chosen material, an alias and a tag. */
export function seedOf(directory: string, count: number): string {
  const path = join(directory, 'seed.yaml')
  const keys = Array.from({ length: count }, (_, index) =>
    [
      `  - id: ${keyId(index)}`,
      `    description: key ${index}`,
      `    tags: { Number: ${index} }`,
      `    aliases: [alias/key-${index}]`,
      `    material: { hex: ${digest(index)} }`,
    ].join('\n'),
  )
  writeFileSync(path, `keys:\n${keys.join('\n')}\n`)
  return path
}

export async function countKeys(server: TestServer): Promise<number> {
  let count = 0
  for await (const { Keys = [] } of paginateListKeys({ client: server.kms(), pageSize: 1000 }, {})) count += Keys.length
  return count
}
