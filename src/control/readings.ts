/** The commands that only read: the same in a running server, where they have a thread to themselves, and without one. */
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { isUnfinishedTrail } from '#audit/trail-schema.ts'
import type { TrailRecord } from '#audit/reader.ts'
import { matcher } from '#audit/filter.ts'
import { verifyKeyUses } from '#audit/verify-key-uses.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { checkWaiting, readWaiting } from '#storage/sqlite/waiting.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import { requestIdArgument, tailArguments } from './arguments.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { explain } from './explain.ts'
import type { ReadingName } from './reading-names.ts'
import type { CommandOutput } from './server.ts'
import { whoCanDo } from './who-can.ts'

export interface ReadingSources {
  readonly trailPath: string
  /** The keys' database. */
  readonly database: string
  /** Undefined where nothing was unsealed: then nothing can be verified. */
  readonly hierarchy: Hierarchy | undefined
  /** What the anchor remembered of database and trail before the reading began. */
  readonly anchored: AnchorState | undefined
}

export type Reading = (args: unknown, output: CommandOutput, sources: ReadingSources) => Promise<void>

export const readings: Readonly<Record<ReadingName, Reading>> = {
  'audit tail': auditTail,
  'audit show': auditShow,
  'audit verify': auditVerify,
  'storage verify': storageVerify,
  explain: (args, output, sources) => explain(args, output, { ...sources, hierarchy: unsealed(sources) }),
  'who-can': (args, output, sources) => whoCanDo(args, output, { ...sources, hierarchy: unsealed(sources) }),
}

/** What `audit verify` answers. */
export type AuditVerdict =
  | {
      readonly ok: true
      readonly records: number
      readonly pages: number
      /** The last record that retention has removed; 0 when it has removed none. */
      readonly removedUpTo: number
      readonly lastRecord: number
      readonly chainHash: string
      readonly anchor: 'matches' | 'older' | 'none given'
      /** Audit records of changes that wait in the keys' database and are not in the trail yet. They were checked too. */
      readonly waiting: number
    }
  | { readonly ok: false; readonly record: number; readonly problem: string }

/** A record that is durable, and is moved to the trail by the next start or as soon as the trail can be written. */
export interface WaitingItem {
  /** Its number in the outbox of the keys' database. */
  readonly waiting: number
  /** JSON text of the CloudTrail record. */
  readonly record: string
}

const followMs = 200
const followBatch = 1000

async function auditTail(args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  const { limit, follow, filter } = tailArguments(args)
  await withTrail(sources.trailPath, async (reader) => {
    // Who follows sees them when they come into the trail.
    const passes = matcher(filter)
    const waiting = follow ? [] : waitingItems(sources, reader).filter(({ record }) => passes(record))
    let found = reader.tail(limit, filter)
    await sendAll(newest([...found.records, ...waiting], limit), output)
    while (follow) {
      found = reader.after(found.seq, followBatch, filter)
      await sendAll(found.records, output)
      if (found.records.length < followBatch) await setTimeout(followMs, undefined, { signal: output.signal })
    }
  })
}

async function auditShow(args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  const requestId = requestIdArgument(args)
  const marker = `"requestID":${JSON.stringify(requestId.toLowerCase())}`
  await withTrail(sources.trailPath, async (reader) => {
    const waiting = waitingItems(sources, reader).filter(({ record }) => record.includes(marker))
    const records = [...reader.show(requestId), ...waiting]
    if (records.length === 0) {
      throw new ControlError(`the audit trail has no record of the request ${requestId}`, exitCode.notFound)
    }
    await sendAll(records, output)
  })
}

async function auditVerify(_args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  const hierarchy = unsealed(sources)
  const { anchored } = sources
  await withTrail(sources.trailPath, async (reader) => {
    const movedBefore = reader.lastOutboxId()
    const outbox = readWaiting(sources.database)
    const verdict = await reader.verify(hierarchy.auditChain, {
      anchor: anchored && { seq: anchored.trailSequence, hash: Buffer.from(anchored.trailHash, 'hex') },
    })
    const moved = reader.lastOutboxId()
    const problem =
      checkWaiting(outbox, hierarchy, movedBefore, moved) ??
      (verdict.ok ? await verifyKeyUses(sources.trailPath, hierarchy) : undefined)
    const answer: AuditVerdict = !verdict.ok
      ? { ok: false, record: verdict.seq, problem: verdict.problem }
      : problem !== undefined
        ? { ok: false, record: verdict.head.seq + 1, problem }
        : {
            ok: true,
            records: verdict.records,
            pages: verdict.pages,
            removedUpTo: verdict.removedUpTo,
            lastRecord: verdict.head.seq,
            chainHash: verdict.head.hash.toString('hex'),
            anchor: verdict.anchor,
            waiting: outbox.entries.filter(({ id }) => id > moved).length,
          }
    await output.item(answer)
  })
}

async function storageVerify(_args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  const { database, anchored } = sources
  await output.item(
    await verifyAll({ file: database, keys: unsealed(sources), anchor: anchored, signal: output.signal }),
  )
}

function unsealed({ hierarchy }: ReadingSources): Hierarchy {
  if (hierarchy === undefined)
    throw new ControlError('nothing can be verified while the seal is closed', exitCode.sealed)
  return hierarchy
}

async function withTrail(path: string, work: (reader: TrailReader) => Promise<void>): Promise<void> {
  if (!existsSync(path)) {
    throw new ControlError(`there is no audit trail ${path}; name the data directory with --data-dir`)
  }
  if (isUnfinishedTrail(path)) {
    throw new ControlError(
      `the first start that began the audit trail ${path} was never finished; start the service once, which finishes it`,
      exitCode.damaged,
    )
  }
  const reader = new TrailReader(path)
  try {
    await work(reader)
  } finally {
    reader.close()
  }
}

/** What waits and is not in the trail. Without keys nobody can say whether it is what was written: `audit verify` does. */
function waitingItems({ database }: ReadingSources, reader: TrailReader): readonly WaitingItem[] {
  if (!existsSync(database)) return []
  const { entries } = readWaiting(database)
  // After it was read: what was moved meanwhile is in the trail.
  const moved = reader.lastOutboxId()
  return entries.filter(({ id }) => id > moved).map(({ id, record }) => ({ waiting: id, record }))
}

const newest = <T>(items: readonly T[], limit: number): readonly T[] => items.slice(Math.max(items.length - limit, 0))

async function sendAll(records: readonly (TrailRecord | WaitingItem)[], output: CommandOutput): Promise<void> {
  for (const record of records) await output.item(record)
}
