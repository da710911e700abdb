import { MemoryStorage } from '../support/memory-storage.ts'
import { account, commitOf, rootAccessKey } from '../storage/fixtures.ts'
import { storageContract } from './storage.ts'

storageContract('memory', () => {
  const storage = new MemoryStorage('later')
  storage.commit(
    commitOf(
      [
        { kind: 'account added', account },
        { kind: 'access key added', accessKey: rootAccessKey },
      ],
      [],
      '{"eventName":"CreateInstallation"}',
    ),
  )
  const entries = () => storage.records.map((record, index) => ({ id: index + 1, record }))
  let moved = 0
  return {
    reader: storage.reader,
    commit: (commit) => storage.commit(commit),
    commitAll: (commits) => commits.map((commit) => storage.commit(commit)),
    head: () => ({ revision: storage.revision, digest: '' }),
    outbox: (afterId, limit) =>
      entries()
        .filter(({ id }) => id > Math.max(afterId, moved))
        .slice(0, limit),
    removeFromOutbox: (uptoId) => void (moved = uptoId),
    findings: () => [],
    forgetPolicyTexts: (before) => storage.forgetPolicyTexts(before),
  }
})
