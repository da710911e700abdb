/**
 * Cases that take turns: what else happens on a shared machine meets all of them alike, and the median of the turns forgets
 * what met one.
 */
import { rmSync } from 'node:fs'
import { drive, record, type DriveSettings, type Figures } from './measure.ts'
import type { Signer } from './signer.ts'

/** One kind of request to one server. */
export interface Case {
  readonly name: string
  readonly server: { readonly url: string; readonly pid: number | undefined }
  readonly sign: Signer
  readonly operation: string
  /** Requests of a turn. */
  readonly count: number
  /** Where they are others than the run's. */
  readonly connections?: number
  /** The body of request `index`: the turns go on counting, so that no two requests of a run need be the same. */
  body(index: number): string
}

/** A case that needs no requests. */
export interface OtherCase {
  readonly name: string
  turn(): Promise<Figures>
}

/** The figures of each turn, by name of the case. */
export type Turns = ReadonlyMap<string, readonly Figures[]>

/** Drives all cases `turns` times after one turn that doesn't count; every second turn goes the other way round. */
export async function takeTurns(
  settings: DriveSettings,
  cases: readonly (Case | OtherCase)[],
  turns: number,
  progress: (line: string) => void,
): Promise<Turns> {
  const found = new Map(cases.map(({ name }): [string, Figures[]] => [name, []]))
  for (let turn = 0; turn <= turns; turn += 1) {
    progress(turn === 0 ? 'warming up' : `turn ${turn} of ${turns}`)
    for (const each of turn % 2 === 0 ? cases : cases.toReversed()) {
      const figures = 'turn' in each ? await each.turn() : await driveCase(settings, each, turn)
      if (turn > 0) found.get(each.name)?.push(figures)
    }
  }
  return found
}

/** Drives so many `requests` of a case that no turn has: a server pays for its compiler at first. */
export async function warmUp(settings: DriveSettings, each: Case, requests: number): Promise<void> {
  const { operation, server, sign } = each
  const recording = record(settings, 'warm-up', requests, sign, (index) => [operation, each.body(index)])
  try {
    await drive(settingsOf(settings, each, requests), recording, requests, server)
  } finally {
    rmSync(recording, { force: true })
  }
}

function settingsOf(settings: DriveSettings, each: Case, requests: number): DriveSettings {
  return { ...settings, connections: Math.min(each.connections ?? settings.connections, requests) }
}

async function driveCase(settings: DriveSettings, each: Case, turn: number): Promise<Figures> {
  const { count, operation, server, sign } = each
  const recording = record(settings, 'turn', count, sign, (index) => [operation, each.body(turn * count + index)])
  try {
    return await drive(settingsOf(settings, each, count), recording, count, server)
  } finally {
    rmSync(recording, { force: true })
  }
}

/** The median of what is known; undefined of nothing. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.flatMap((value) => value ?? []).sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** The median of one figure of a case over its turns. */
export function medianOf(turns: Turns, name: string, figure: (figures: Figures) => number | undefined) {
  return median((turns.get(name) ?? []).map(figure))
}

/** The median of what `compare` says of each turn; it is given a reader of one figure of any case in that turn. */
export function medianOfTurns(
  turns: Turns,
  compare: (figure: (name: string, pick: (figures: Figures) => number | undefined) => number) => number,
): number | undefined {
  const length = Math.max(0, ...[...turns.values()].map((list) => list.length))
  const each = Array.from({ length }, (_, turn) =>
    compare((name, pick) => {
      const figures = turns.get(name)?.[turn]
      return (figures === undefined ? undefined : pick(figures)) ?? Number.NaN
    }),
  )
  return median(each.filter((value) => !Number.isNaN(value)))
}
