/**
 * What it costs to authorize a real caller: server CPU per request of a session of a role, and of a caller whom only grants
 * allow, beside that of the root user, whom one statement of the default key policy allows. The callers take turns, so that
 * what else happens on the machine meets all of them alike.
 */
import { rmSync } from 'node:fs'
import { callerNames, makeCallers, type CallerName } from './callers.ts'
import { createClient } from './client.ts'
import { drive, record, type DriveSettings, type Figures } from './measure.ts'
import { measurePolicy, type PolicyFigures } from './policy.ts'
import { aligned, type Verdict } from './report.ts'
import { createSigner, type SigningIdentity } from './signer.ts'
import { requestBody, sealCiphertexts, type Operation } from './workload.ts'

/** What is measured of the operations that are asked for. */
export const authorizedOperations: readonly Operation[] = ['GenerateDataKey', 'Decrypt']
const turns = 6
const ratioLimit = 1.1
const decisionsWanted = 300_000
const largeMicrosLimit = 20

/** CPU microseconds per request of each turn; undefined where the process is out of sight. */
export interface CallerMeasurement {
  readonly operation: Operation
  readonly caller: CallerName
  readonly cpuMicros: readonly (number | undefined)[]
}

export interface AuthorizationResults {
  readonly callers: readonly CallerMeasurement[]
  readonly policy: PolicyFigures | undefined
}

export async function measureAuthorization(
  settings: DriveSettings,
  server: { readonly url: string; readonly pid: number },
  root: SigningIdentity,
  operations: readonly Operation[],
  progress: (line: string) => void,
): Promise<readonly CallerMeasurement[]> {
  const { host } = new URL(server.url)
  const { connections } = settings
  const count = Math.max(connections, Math.ceil(settings.requests / turns))
  const rootClient = createClient(server.url, createSigner(root, host), connections)
  progress('creating roles, sessions and grants')
  const { identities, keyIds } = await makeCallers(server.url, root, rootClient)
  rootClient.close()
  const prepared = await Promise.all(
    callerNames.map(async (caller) => {
      const sign = createSigner(identities[caller], host)
      const keys = [keyIds[caller]]
      const client = createClient(server.url, sign, connections)
      const ciphertexts = await sealCiphertexts(client, keys, count, connections)
      client.close()
      return { caller, sign, fixture: { keyIds: keys, ciphertexts } }
    }),
  )
  const found: CallerMeasurement[] = []
  for (const operation of operations) {
    progress(`${operation} as ${callerNames.join(', ')}`)
    const recordings = new Map<CallerName, string>()
    const figures = new Map<CallerName, Figures[]>()
    for (const { caller, sign, fixture } of prepared) {
      const name = caller.replace(' ', '-')
      const path = record(settings, name, count, sign, (index) => [
        operation,
        requestBody(operation, fixture, `${name}-${operation}`, index),
      ])
      recordings.set(caller, path)
      figures.set(caller, [])
    }
    // The first turn warms up and does not count. Every second turn goes the other way round.
    for (let turn = 0; turn <= turns; turn += 1) {
      for (const caller of turn % 2 === 0 ? callerNames : callerNames.toReversed()) {
        const driven = await drive(settings, recordings.get(caller) ?? '', count, server)
        if (turn > 0) figures.get(caller)?.push(driven)
      }
    }
    for (const [caller, driven] of figures) {
      found.push({ operation, caller, cpuMicros: driven.map(({ cpuMicros }) => cpuMicros) })
    }
    for (const path of recordings.values()) rmSync(path, { force: true })
  }
  return found
}

/** The decisions alone, in this process. */
export function measureDecisions(progress: (line: string) => void): PolicyFigures {
  progress('decisions of the policy evaluator')
  return measurePolicy()
}

/** The median of the turns: one that a neighbour disturbed does not count. */
function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.flatMap((value) => value ?? []).sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** CPU per request over the root user's in the same turn: the median of all turns. */
function overRoot(measurement: CallerMeasurement, all: readonly CallerMeasurement[]): number | undefined {
  const root = all.find(({ caller, operation }) => caller === 'root user' && operation === measurement.operation)
  return median(
    measurement.cpuMicros.map((own, turn) => {
      const base = root?.cpuMicros[turn]
      return own === undefined || base === undefined ? undefined : own / base
    }),
  )
}

export function authorizationVerdicts({ callers, policy }: AuthorizationResults): Verdict[] {
  const found: Verdict[] = []
  for (const one of callers.filter(({ caller }) => caller === 'assumed role')) {
    const measured = overRoot(one, callers)
    const met = measured === undefined ? undefined : measured <= ratioLimit
    found.push({ target: `${one.operation}: CPU of an assumed role over root's`, measured, limit: ratioLimit, met })
  }
  if (policy === undefined) return found
  const { decisionsPerSecond, largeMicros } = policy
  const largest = Math.max(...Object.values(largeMicros))
  return [
    ...found,
    {
      target: 'thousand decisions per second, at least',
      measured: decisionsPerSecond / 1000,
      limit: decisionsWanted / 1000,
      met: decisionsPerSecond >= decisionsWanted,
    },
    {
      target: 'µs of a decision over 1,000 statements',
      measured: largest,
      limit: largeMicrosLimit,
      met: largest <= largeMicrosLimit,
    },
  ]
}

/** The measurements as a text table. */
export function authorizationTable({ callers, policy }: AuthorizationResults): string {
  const decimals = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '-'
  const rows = [['operation', 'caller', 'CPU µs', "over root's", '']]
  for (const one of callers) {
    const all = `turns ${one.cpuMicros.map((value) => decimals(value, 1)).join(' ')}`
    rows.push([one.operation, one.caller, decimals(median(one.cpuMicros), 1), decimals(overRoot(one, callers), 2), all])
  }
  const lines = callers.length === 0 ? [] : [aligned(rows, 2)]
  if (policy !== undefined) {
    const { decisionsPerSecond, largeMicros, parsesPerSecond } = policy
    const thousand = (value: number): string => `${(value / 1000).toFixed(0)},000 per second`
    const decisions = [['decisions', '', '']]
    decisions.push(['everyday policies, 10,000 distinct requests', thousand(decisionsPerSecond), ''])
    decisions.push(['(JSON.parse of the same policies)', thousand(parsesPerSecond), ''])
    for (const [name, micros] of Object.entries(largeMicros)) {
      decisions.push([`1,000 statements: ${name}`, `${micros.toFixed(2)} µs`, ''])
    }
    lines.push(aligned(decisions, 1))
  }
  return lines.join('\n\n')
}
