import { DatabaseSync } from 'node:sqlite'
import { openReader } from '#storage/sqlite/reader.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { installedDatabase, temporaryDirectory, testKeys } from '../storage/fixtures.ts'
import { databaseContract } from './database.ts'

databaseContract('sqlite', (t) => {
  const keys = testKeys()
  const file = installedDatabase(temporaryDirectory(t), keys)
  const writer = openWriter(file, keys)
  const reader = openReader(file, keys.stateMac)
  t.after(() => {
    reader.close()
    writer.close()
  })
  return {
    reader,
    commit: (commit) => writer.commit(commit),
    commitAll: (commits) => writer.commitAll(commits),
    head: () => writer.head(),
    outbox: (afterId, limit) => writer.outbox(afterId, limit),
    removeFromOutbox: (uptoId) => writer.removeFromOutbox(uptoId),
    forgetPolicyTexts: (before) => writer.forgetPolicyTexts(before),
    readDomainKeys: () => writer.readDomainKeys(),
    addDomainKey: (domainKey, created) => writer.addDomainKey(domainKey, created),
    tamper: (table, column, value, where) => {
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
      const bound = typeof value === 'number' ? BigInt(value) : value
      db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(bound)
      db.close()
    },
    findings: async () => (await verifyAll({ file, keys })).findings,
  }
})
