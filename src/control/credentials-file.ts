/** DIR/credentials, which the first start wrote for the installation's first account: it follows a rotation of its key. */
import { readFile } from 'node:fs/promises'
import { parseAccessKeyId, type AccessKeyId } from '#base/brand.ts'
import { writeDurably } from '#files/durable-file.ts'
import type { Random } from '#ports/edge.ts'
import { credentialsFile } from '#server/files.ts'

/** The access key that the file of `dataDir` names; undefined when there is no such file, or it names none. */
export async function filedAccessKey(dataDir: string): Promise<AccessKeyId | undefined> {
  let text: string
  try {
    text = await readFile(credentialsFile(dataDir), 'utf8')
  } catch (error) {
    // Operators may have moved it to where it belongs.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return parseAccessKeyId(/^aws_access_key_id = (\S+)$/m.exec(text)?.[1] ?? '')
}

/** Puts a file with the new access key in its place. */
export async function fileAccessKey(
  dataDir: string,
  { accessKeyId, secretAccessKey }: { readonly accessKeyId: string; readonly secretAccessKey: string },
  random: Random,
): Promise<void> {
  const content = Buffer.from(
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    'utf8',
  )
  try {
    await writeDurably(credentialsFile(dataDir), content, 0o600, random)
  } finally {
    content.fill(0)
  }
}
