import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Trail } from '#audit/trail.ts'
import { loadSettings } from '#config/load-settings.ts'
import { callControl } from '#control/client.ts'
import { createControlServer } from '#control/server.ts'
import type { Command, ControlServer } from '#control/server.ts'
import { openHierarchy } from '#crypto/key-hierarchy.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { createSeal } from '#seals/seal.ts'
import { createFirstInstallation } from '#server/first-start.ts'
import { openAnchor } from '#storage/anchor.ts'
import { readInstallation } from '#storage/sqlite/installation.ts'
import { openWriter } from '#storage/sqlite/writer.ts'
import { allocateClockOffset, systemClock, systemRandom } from '../../src/system.ts'
import { pageOf, recordAt, uuidAt } from '../audit/records.ts'

export function temporaryDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'trent-control-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A server with `commands` on DIR/control.sock. */
export async function controlServer(
  t: TestContext,
  dir: string,
  commands: Readonly<Record<string, Command>>,
): Promise<ControlServer> {
  const load = () => Promise.resolve(commands)
  const server = await createControlServer({ path: join(dir, 'control.sock'), commands: load })
  t.after(() => server.close())
  return server
}

/** The items and texts of an answer. */
export async function answerOf(dir: string, command: string, args: unknown = {}): Promise<readonly unknown[]> {
  const answer: unknown[] = []
  const onText = (line: string): void => void answer.push({ text: line })
  const outcome = await callControl(dir, command, args, { onItem: (item) => void answer.push(item), onText })
  return outcome === 'no server' ? ['no server'] : answer
}

export interface Installed {
  readonly dir: string
  readonly hierarchy: Hierarchy
  readonly trailPath: string
  readonly database: string
}

export const requestId = uuidAt(1_700_000_000_000, 3)

/** A data directory with an installation and a trail of five records, as a server leaves it. */
export async function installedDirectory(t: TestContext): Promise<Installed> {
  const dir = join(temporaryDirectory(t), 'data')
  mkdirSync(dir, { mode: 0o700 })
  const random = systemRandom()
  const settings = await loadSettings({ 'data-dir': dir }, {})
  const sources = { keyFile: join(dir, 'seal.key'), passphrase: { kind: 'terminal' } } as const
  const seal = await createSeal({ dataDir: dir, installationId: random.uuid(), type: 'key-file', sources, random })
  await createFirstInstallation(settings, seal, random, 1_700_000_000_000)
  const database = join(dir, 'keys.db')
  const domainKeys = readInstallation(database)?.domainKeys ?? []
  const hierarchy = openHierarchy(seal.root, seal.installationId, domainKeys, 1)
  const trailPath = join(dir, 'trail.db')
  const trail = new Trail({
    path: trailPath,
    chainKey: hierarchy.auditChain,
    clock: systemClock(allocateClockOffset()),
  })
  for (const serial of [1, 2, 3, 4, 5]) {
    const time = 1_700_000_000_000
    const record = recordAt(time, serial, {
      eventName: serial % 2 === 0 ? 'Encrypt' : 'Decrypt',
      userIdentity: { arn: 'arn:aws:iam::111122223333:root' },
      resources: [{ ARN: `arn:aws:kms:us-east-1:111122223333:key/${serial}` }],
      ...(serial === 3 ? { errorCode: 'AccessDenied', errorMessage: '\u001b[2J' } : {}),
    })
    trail.append([pageOf([record], time)])
  }
  const { seq, hash } = trail.head()
  trail.close()
  const writer = openWriter(database, hierarchy)
  const { revision, digest: headDigest } = writer.head()
  writer.close()
  const anchor = openAnchor(join(dir, 'anchor'), hierarchy.stateMac, 'existing')
  anchor.write({ revision, headDigest, trailSequence: seq, trailHash: hash.toString('hex') })
  anchor.close()
  return { dir, hierarchy, trailPath, database }
}
