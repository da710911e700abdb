/** Commits keys one after another and prints the id of each once it is acknowledged, until it is killed. */
import { writeSync } from 'node:fs'
import { openWriter } from '#storage/sqlite/writer.ts'
import { commitOf, keyAdded, keyRecord, testKeys } from '../fixtures.ts'

const writer = openWriter(process.argv[2] ?? '', testKeys())
while (true) {
  const key = keyRecord()
  if (writer.commit(commitOf([keyAdded(key)], [], JSON.stringify(key.keyId))) !== 'committed')
    throw new Error('conflict')
  writeSync(1, `${key.keyId}\n`)
  // Now and then something that touches the whole file.
  if (key.keyId.startsWith('00')) writer.checkpoint()
}
