/** Records of uses of keys, and what follows them, as the primary thread has it. */
import { join } from 'node:path'
import { KeyUseTable } from '#audit/key-use-table.ts'
import { KeyUses } from '#audit/key-uses.ts'
import { replayKeyUses, type Replay } from '#audit/key-use-replay.ts'
import { PageBuffer } from '#audit/page-buffer.ts'
import type { Page } from '#audit/page.ts'
import type { Trail } from '#audit/trail.ts'
import { clientText, errorText, operationText, placeText, recordText, resourcesText } from '#cloudtrail/record.ts'
import { serviceEventText } from '#cloudtrail/record.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'
import { systemRandom } from '../../src/system.ts'
import { place, testKeys } from '../storage/fixtures.ts'
import { chainKey, clockAt, openTrail, uuidAt } from './fixtures.ts'

export const keyArn = (number: number): string =>
  `arn:aws:kms:us-east-1:111122223333:key/${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`

/** One request: an operation with keys, at a time (epoch milliseconds) and under a number of its own. */
export interface Request {
  readonly operation: string
  readonly keys: readonly number[]
  readonly atMs: number
  readonly serial: number
  readonly errorCode?: string
}

const tracked = new Set(['Encrypt', 'ReEncrypt'])
const wholeSecond = (milliseconds: number): number => milliseconds - (milliseconds % 1000)
const isUse = ({ operation, errorCode }: Request): boolean => tracked.has(operation) && errorCode === undefined

/** What is known of a key once `request` was the last to use it. */
export function useOf({ operation, atMs, serial }: Request, trackedSince = 0): LastKeyUse {
  const use = { operation, time: wholeSecond(atMs), requestId: uuidAt(atMs, serial), eventId: eventIdOf(serial) }
  return { use, trackedSince }
}

const eventIdOf = (serial: number): string => `c1a2b3c4-0000-4000-8000-${serial.toString(16).padStart(12, '0')}`

function recordOf(request: Request): string {
  const { operation, keys, atMs, serial, errorCode } = request
  return recordText({
    userIdentity: '{"type":"Root"}',
    operation: operationText('kms.amazonaws.com', operation, true),
    place: placeText(place.region, place.account),
    client: clientText('192.0.2.1', undefined),
    time: `${new Date(wholeSecond(atMs)).toISOString().slice(0, 19)}Z`,
    error: errorCode === undefined ? '' : errorText(errorCode, 'a message'),
    // What a caller chose must not pass for a part of the record.
    requestParameters: '{"encryptionContext":{"eventName":"Encrypt","resources":"[]"}}',
    responseElements: 'null',
    additionalEventData: undefined,
    requestId: uuidAt(atMs, serial),
    eventId: eventIdOf(serial),
    resources: resourcesText(keys.map((key) => ({ account: place.account, arn: keyArn(key) }))),
    tlsDetails: undefined,
  })
}

/** `requests` as a worker sends them. */
export function pageOfRequests(requests: readonly Request[]): Page & { readonly used: Buffer | undefined } {
  const buffer = new PageBuffer(clockAt(0))
  for (const request of requests) {
    const { use } = useOf(request)
    const used = use !== undefined && isUse(request) ? { keys: request.keys.map(keyArn), use } : undefined
    buffer.append(recordOf(request), () => undefined, request.atMs, used)
  }
  const page = buffer.take()
  if (page === undefined) throw new TypeError('a page without requests')
  const { used } = page
  return { ...page, used: used && Buffer.from(used.buffer, used.byteOffset, used.byteLength) }
}

export interface Followed {
  readonly trail: Trail
  readonly table: KeyUseTable
  readonly uses: KeyUses
  readonly reports: readonly string[]
  /** What the process read again when it began. */
  readonly replay: Replay
  /** Stores the requests of one flush, a page for each worker, and notes them. */
  append(...pages: readonly (readonly Request[])[]): void
  /** The end of a waiting period: in the trail as well, unless the process died before. */
  deleteKey(key: number, recorded?: 'recorded' | 'not recorded'): void
  last(key: number): LastKeyUse
  /** The end of the process: in order, or at once. */
  stop(how: 'in order' | 'at once'): void
}

export interface FollowOptions {
  readonly maxWaiting?: number
  readonly mayWrite?: () => boolean
  readonly spooled?: readonly Page[]
}

/** A process on the trail in `directory`, brought up to its end. */
export function follow(directory: string, { maxWaiting, mayWrite, spooled = [] }: FollowOptions = {}): Followed {
  const path = join(directory, 'trail.db')
  const trail = openTrail(directory)
  const table = new KeyUseTable(path, testKeys(), systemRandom())
  const reports: string[] = []
  const uses = new KeyUses({
    table,
    position: () => trail.head(),
    mayWrite: mayWrite ?? (() => true),
    report: (_what, error) => reports.push(error instanceof Error ? error.message : String(error)),
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  })
  const replay = replayKeyUses({ path, chainKey: chainKey(), state: table.state, tracked, spooled })
  try {
    uses.recover(replay)
  } catch (error) {
    table.close()
    trail.close()
    throw error
  }
  return {
    trail,
    table,
    uses,
    reports,
    replay,
    append: (...pages) => {
      const sent = pages.map(pageOfRequests)
      trail.append(sent)
      uses.note(sent.map(({ used }) => used))
    },
    deleteKey: (key, recorded = 'recorded') => {
      uses.forget(keyArn(key))
      if (recorded === 'not recorded') return
      const record = serviceEventText({
        eventName: 'DeleteKey',
        region: place.region,
        account: place.account,
        arn: keyArn(key),
        time: '2026-11-21T10:04:00Z',
        eventId: eventIdOf(0),
        serviceEventDetails: undefined,
      })
      trail.appendFromOutbox([{ id: trail.lastOutboxId + 1, record }])
    },
    last: (key) => uses.last(keyArn(key)),
    stop: (how) => {
      if (how === 'in order') uses.close()
      else table.close()
      trail.close()
    },
  }
}
