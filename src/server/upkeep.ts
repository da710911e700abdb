/** What happens by the clock: recovery of the trail, readiness, retention, logs, policy texts, jobs on keys, renewal of certificates. */
import { dayMs } from '#base/day.ts'
import type { KeyUses } from '#audit/key-uses.ts'
import type { GuardedTrail } from '#audit/failure-policy.ts'
import type { AuditSettings } from '#config/settings.ts'
import { describeError } from './describe-error.ts'
import type { Logger } from './log.ts'
import type { Writer } from './writer.ts'

export interface UpkeepParts {
  readonly writer: Writer
  readonly guarded: GuardedTrail
  readonly keyUses: Pick<KeyUses, 'tick' | 'step'>
  /** The sequence number of the trail's last record. */
  readonly lastRecord: () => number
  readonly settings: AuditSettings
  /** Index 0 is 1 while no request can be answered. */
  readonly readiness: Int32Array
  readonly runJobs: () => Promise<unknown>
  readonly renewTls: () => Promise<void>
  readonly log: Logger
}

export interface Upkeep {
  stop(): void
}

const tickMs = 1000
const jobsMs = 30_000
const retentionMs = 60_000
const minutesOfDay = dayMs / retentionMs
// Younger records stay whatever the trail's size: less than this is no trail.
const minimumRetentionDays = 1

export function startUpkeep(parts: UpkeepParts): Upkeep {
  const { writer, guarded, keyUses, lastRecord, settings, readiness, log } = parts
  const failed =
    (what: string) =>
    (error: unknown): void =>
      log.error({ error: describeError(error) }, what)
  const retention = {
    maxDays: settings.retentionDays,
    maxBytes: settings.retentionBytes,
    minDays: minimumRetentionDays,
  }
  let seen = lastRecord()
  let quiet = false
  const tick = (): void => {
    writer.tick()
    quiet = lastRecord() === seen
    seen = lastRecord()
    const refusing = guarded.state() === 'refusing'
    const before = Atomics.exchange(readiness, 0, refusing ? 1 : 0)
    if (refusing && before === 0) {
      log.error({ reason: guarded.lastError() }, 'the audit trail refuses records: no request is answered')
    } else if (!refusing && before === 1) log.info('the audit trail takes records again')
    if (keyUses.tick() === 'more') setImmediate(storeUses)
  }
  let stopped = false
  const storeUses = (): void => {
    if (!stopped && keyUses.step() === 'more') setImmediate(storeUses)
  }
  const retain = (): void => {
    if (!stopped && guarded.maintain(retention, quiet) === 'more') setImmediate(retain)
  }
  const forget = (): void => {
    if (!stopped && writer.forgetPolicyTexts() === 'more') setImmediate(forget)
  }
  let minutes = 0
  const timers = [
    setInterval(tick, tickMs),
    setInterval(() => {
      parts.runJobs().catch(failed('the jobs on keys failed'))
    }, jobsMs),
    setInterval(() => {
      retain()
      // Once a day, the first time soon after the start: who starts anew every night forgets as well.
      if (minutes % minutesOfDay === 0) forget()
      minutes += 1
      writer.emptyLog()
    }, retentionMs),
    setInterval(() => {
      parts.renewTls().catch(failed('the TLS certificate could not be renewed'))
    }, dayMs),
  ]
  return {
    stop: () => {
      stopped = true
      for (const timer of timers) clearInterval(timer)
    },
  }
}
