/** The commands that only read: the same in a running server, where they have a thread to themselves, and without one. */
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Head } from '#audit/page.ts'
import { TrailReader } from '#audit/reader.ts'
import type { TrailRecord } from '#audit/reader.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { verifyAll } from '#storage/sqlite/verify.ts'
import { requestIdArgument, tailArguments } from './arguments.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import type { CommandOutput } from './server.ts'

export type ReadingName = 'audit tail' | 'audit show' | 'audit verify' | 'storage verify'

export interface ReadingSources {
  readonly trailPath: string
  /** The keys' database. */
  readonly database: string
  /** Undefined where nothing was unsealed: then nothing can be verified. */
  readonly hierarchy: Hierarchy | undefined
  /** What the anchor remembers of the trail. */
  readonly anchored: Head | undefined
}

export type Reading = (args: unknown, output: CommandOutput, sources: ReadingSources) => Promise<void>

export const readings: Readonly<Record<ReadingName, Reading>> = {
  'audit tail': auditTail,
  'audit show': auditShow,
  'audit verify': auditVerify,
  'storage verify': storageVerify,
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
    }
  | { readonly ok: false; readonly record: number; readonly problem: string }

const followMs = 200
const followBatch = 1000

async function auditTail(args: unknown, output: CommandOutput, { trailPath }: ReadingSources): Promise<void> {
  const { limit, follow, filter } = tailArguments(args)
  await withTrail(trailPath, async (reader) => {
    let found = reader.tail(limit, filter)
    await sendAll(found.records, output)
    while (follow) {
      found = reader.after(found.seq, followBatch, filter)
      await sendAll(found.records, output)
      if (found.records.length < followBatch) await setTimeout(followMs, undefined, { signal: output.signal })
    }
  })
}

async function auditShow(args: unknown, output: CommandOutput, { trailPath }: ReadingSources): Promise<void> {
  const requestId = requestIdArgument(args)
  await withTrail(trailPath, async (reader) => {
    const records = reader.show(requestId)
    if (records.length === 0) {
      throw new ControlError(`the audit trail has no record of the request ${requestId}`, exitCode.notFound)
    }
    await sendAll(records, output)
  })
}

async function auditVerify(_args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  const { auditChain } = unsealed(sources)
  await withTrail(sources.trailPath, async (reader) => {
    const verdict = await reader.verify(auditChain, { anchor: sources.anchored })
    const answer: AuditVerdict = verdict.ok
      ? {
          ok: true,
          records: verdict.records,
          pages: verdict.pages,
          removedUpTo: verdict.removedUpTo,
          lastRecord: verdict.head.seq,
          chainHash: verdict.head.hash.toString('hex'),
          anchor: verdict.anchor,
        }
      : { ok: false, record: verdict.seq, problem: verdict.problem }
    await output.item(answer)
  })
}

async function storageVerify(_args: unknown, output: CommandOutput, sources: ReadingSources): Promise<void> {
  await output.item(await verifyAll({ file: sources.database, keys: unsealed(sources), signal: output.signal }))
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
  const reader = new TrailReader(path)
  try {
    await work(reader)
  } finally {
    reader.close()
  }
}

async function sendAll(records: readonly TrailRecord[], output: CommandOutput): Promise<void> {
  for (const record of records) await output.item(record)
}
