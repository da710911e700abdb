/** The last uses of keys as the primary thread has them: opened with the trail, and brought up to its end. */
import { KeyUseTable } from '#audit/key-use-table.ts'
import { KeyUses } from '#audit/key-uses.ts'
import { replayKeyUses } from '#audit/key-use-replay.ts'
import type { Page } from '#audit/page.ts'
import type { Settings } from '#config/settings.ts'
import type { Random } from '#ports/edge.ts'
import { trailFile } from './files.ts'
import type { OpenInstallation } from './installation.ts'
import { describeError } from './describe-error.ts'
import type { Logger } from './log.ts'

export interface OpenKeyUses {
  readonly keyUses: KeyUses
  /**
   * Reads from the trail what was in memory when the process before ended, which is nothing when that ended in order. To be
   * called once, when the outbox was moved to the trail and before anything is served. Rejects with IntegrityError where the
   * trail is not what was written.
   */
  recover(this: void): Promise<void>
}

type Installation = Pick<OpenInstallation, 'hierarchy' | 'trail' | 'guarded' | 'spool'>

/** `close` the uses when nothing is written to the trail any more. */
export function openKeyUses(
  { dataDir }: Settings,
  { hierarchy, trail, guarded, spool }: Installation,
  random: Random,
  log: Logger,
): OpenKeyUses {
  const path = trailFile(dataDir)
  const table = new KeyUseTable(path, hierarchy, random)
  const keyUses = new KeyUses({
    table,
    position: () => trail.head(),
    mayWrite: () => guarded.state() === 'ok',
    report: (what, error) => log.error({ error: describeError(error) }, what),
  })
  const recover = async (): Promise<void> => {
    const spooled: Page[] = []
    spool?.visit((id, page) => {
      if (id > trail.lastSpoolId) spooled.push(page)
    })
    const { state } = table
    const behind = trail.head().seq - (state?.head.seq ?? 0)
    if (behind === 0 && spooled.length === 0) return
    const { trackedOperations: tracked } = await import('#kms/tracked-operations.ts')
    const began = performance.now()
    const replay = replayKeyUses({ path, chainKey: hierarchy.auditChain, state, tracked, spooled })
    keyUses.recover(replay)
    const milliseconds = Math.round(performance.now() - began)
    log.info({ records: behind, keys: keyUses.waiting, milliseconds }, 'the last uses of keys were read from the trail')
    if (state !== undefined && replay.since !== state.since) {
      log.warn(
        { since: new Date(replay.since).toISOString() },
        'retention had removed records before the uses of keys in them were stored: what was before may be unknown',
      )
    }
  }
  return { keyUses, recover }
}
