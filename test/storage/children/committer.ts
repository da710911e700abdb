/** Commits keys with what may come with them one after another and prints the id of each once it is acknowledged, until it is killed. */
import { writeSync } from 'node:fs'
import type { Change } from '#records/change.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { commitOf, grantRecord, keyAdded, keyRecord, testKeys, userRecord } from '../fixtures.ts'

const writer = openWriter(process.argv[2] ?? '', testKeys())
while (true) {
  const key = keyRecord()
  const changes: readonly Change[] = [
    keyAdded(key),
    { kind: 'grant added', grant: grantRecord(key, 1) },
    { kind: 'iam added', entity: userRecord(key.keyId) },
    { kind: 'policy text kept', hash: key.keyId, text: key.policy, keptAt: 1 },
  ]
  if (writer.commit(commitOf(changes, [], JSON.stringify(key.keyId))) !== 'committed') throw new Error('conflict')
  writeSync(1, `${key.keyId}\n`)
  // Now and then something that touches the whole file.
  if (key.keyId.startsWith('00')) writer.checkpoint()
}
