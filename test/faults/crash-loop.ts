/**
 * Kills the server in a loop while clients change and use keys, and compares afterwards what they were told with what is
 * there. As a command: npm run crash-test -- ROUNDS
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { IamLane } from './crash-iam.ts'
import { CrashLane } from './crash-model.ts'
import { command, launch, readAccessKey, region, withDirectory, type Program } from './program.ts'
import { dice as newDice, type Dice } from './random.ts'
import { KmsWire } from './wire.ts'

const laneCount = 6
const iamLaneCount = 3
// Records of a request are stored within moments of each other: one that is stored twice shows in the next round.
const roundsRemembered = 3

export interface CrashReport {
  readonly rounds: number
  readonly killedWhileStarting: number
  readonly acknowledged: number
  readonly keys: number
}

/** Runs `rounds` rounds; throws at the first thing that is not as it was acknowledged. */
export async function crashLoop(rounds: number, say: (line: string) => void): Promise<CrashReport> {
  const dice = newDice()
  say(`seed ${dice.seed}`)
  return withDirectory(async (directory) => {
    const lanes = Array.from({ length: laneCount }, (_, index) => new CrashLane(`lane-${index}`))
    const iamLanes = Array.from({ length: iamLaneCount }, (_, index) => new IamLane(`lane-${index}`))
    await prepare(directory, iamLanes)
    const trail = new TrailWatch(directory)
    const lanesOfAll = [...lanes, ...iamLanes]
    let killedWhileStarting = 0
    for (let round = 1; round <= rounds; round += 1) {
      try {
        // Not the first one: an installation that nobody was told about has nothing to lose.
        if (round > 1 && dice.chance(0.2)) {
          await killStarting(directory, dice)
          killedWhileStarting += 1
        }
        const server = await started(directory)
        await checkAll(server, lanes, iamLanes, trail)
        if (round % 5 === 0 || round === rounds) requireIntactTrail(directory)
        await load(server, lanes, iamLanes, dice)
        requireNoErrors(server)
      } catch (error) {
        throw new Error(
          `round ${round}, seed ${dice.seed}: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        )
      }
      if (round % 20 === 0) say(`${round} rounds, ${sum(lanesOfAll, ({ answers }) => answers)} acknowledged requests`)
    }
    const last = await started(directory)
    await checkAll(last, lanes, iamLanes, trail)
    requireIntactTrail(directory)
    assert.deepEqual(await last.end('SIGTERM'), { code: 0, signal: null })
    return {
      rounds,
      killedWhileStarting,
      acknowledged: sum(lanesOfAll, ({ answers }) => answers),
      keys: sum(lanes, (lane) => allKeys(lane).length),
    }
  })
}

const allKeys = ({ keys, leftAlone }: CrashLane): readonly string[] => [...keys.map(({ id }) => id), ...leftAlone]

const sum = <T>(lanes: readonly T[], count: (lane: T) => number): number =>
  lanes.reduce((total, lane) => total + count(lane), 0)

async function started(directory: string): Promise<Program> {
  const server = launch({ directory, workers: 2 })
  await server.ready
  return server
}

/** What the lanes of IAM need is there before the first kill. */
async function prepare(directory: string, lanes: readonly IamLane[]): Promise<void> {
  const server = await started(directory)
  const url = await server.ready
  for (const lane of lanes) await lane.prepare(url, readAccessKey(directory))
  assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
}

async function killStarting(directory: string, dice: Dice): Promise<void> {
  const server = launch({ directory, workers: 2 })
  await sleep(dice.below(600))
  await server.end('SIGKILL')
}

/** Mixed load until the kill. */
async function load(
  server: Program,
  lanes: readonly CrashLane[],
  iamLanes: readonly IamLane[],
  dice: Dice,
): Promise<void> {
  const url = await server.ready
  const key = readAccessKey(server.directory)
  const running = lanes.map((lane, index) => {
    const laneDice = newDice(dice.below(2 ** 31) + index)
    return lane.run(new KmsWire(url, key, region), laneDice)
  })
  const changing = iamLanes.map((lane, index) => lane.run(url, key, newDice(dice.below(2 ** 31) + index)))
  await sleep(20 + dice.below(500))
  await server.end('SIGKILL')
  await Promise.all([...running, ...changing])
}

async function checkAll(
  server: Program,
  lanes: readonly CrashLane[],
  iamLanes: readonly IamLane[],
  trail: TrailWatch,
): Promise<void> {
  const url = await server.ready
  const key = readAccessKey(server.directory)
  await Promise.all(
    lanes.map(async (lane) => {
      const client = new KmsWire(url, key, region)
      await lane.verify(client)
      client.close()
    }),
  )
  await Promise.all(iamLanes.map((lane) => lane.verify(url, key)))
  const all = [...lanes, ...iamLanes]
  trail.requireRecords(all.flatMap(({ acknowledged }) => acknowledged))
  for (const lane of all) lane.acknowledged = []
  requireWhole(server.directory, lanes.flatMap(allKeys))
}

/** Which records are in the trail, read on from where the round before ended. */
class TrailWatch {
  readonly #path: string
  readonly #rounds: Set<string>[] = []
  #seq = 0

  constructor(directory: string) {
    this.#path = join(directory, 'trail.db')
  }

  requireRecords(ids: readonly string[]): void {
    const fresh = new Set<string>()
    this.#rounds.push(fresh)
    if (this.#rounds.length > roundsRemembered) this.#rounds.shift()
    const reader = new TrailReader(this.#path)
    try {
      for (;;) {
        const { records, seq } = reader.after(this.#seq, 2000)
        if (seq === this.#seq) break
        this.#seq = seq
        for (const { record, sequenceNumber } of records) {
          const id = /"requestID":"([0-9a-f-]{36})"/.exec(record)?.[1]
          if (id === undefined) continue
          assert.ok(
            !this.#rounds.some((round) => round.has(id)),
            `request ${id} has two records, one at ${sequenceNumber}`,
          )
          fresh.add(id)
        }
      }
    } finally {
      reader.close()
    }
    for (const id of ids) {
      assert.ok(
        this.#rounds.some((round) => round.has(id)),
        `the acknowledged request ${id} has no record`,
      )
    }
  }
}

/** Nothing half done: every key has its material, every alias its key. */
function requireWhole(directory: string, acknowledged: readonly string[]): void {
  const db = new DatabaseSync(join(directory, 'keys.db'), { readOnly: true, timeout: 5000 })
  try {
    const count = (sql: string): unknown => db.prepare(sql).get()?.['count']
    const stored = new Set(
      db
        .prepare('SELECT key_id FROM key')
        .all()
        .map((row) => row['key_id']),
    )
    for (const keyId of acknowledged) assert.ok(stored.has(keyId), `key ${keyId} is gone`)
    const bare = count(
      'SELECT count(*) AS count FROM key LEFT JOIN key_material USING (region, account, key_id) WHERE material_id IS NULL',
    )
    assert.equal(bare, 0, 'keys without material')
    const dangling = count(
      'SELECT count(*) AS count FROM alias LEFT JOIN key ON key_id = target_key_id WHERE key_id IS NULL',
    )
    assert.equal(dangling, 0, 'aliases of keys that are not there')
    const astray = count(
      'SELECT count(*) AS count FROM key_grant LEFT JOIN key USING (region, account, key_id) WHERE key.key_id IS NULL',
    )
    assert.equal(astray, 0, 'grants on keys that are not there')
    const ownerless = count(
      `SELECT count(*) AS count FROM access_key LEFT JOIN iam ON iam.account = access_key.account AND iam.id = user_id
       WHERE user_id <> '' AND iam.id IS NULL`,
    )
    assert.equal(ownerless, 0, 'access keys of users that are not there')
    const ahead = count('SELECT count(*) AS count FROM iam JOIN account USING (account) WHERE iam.rev > account.rev')
    assert.equal(ahead, 0, 'changes of IAM that their account does not know of')
    requirePolicyTexts(db)
    assert.deepEqual(
      db
        .prepare('PRAGMA integrity_check')
        .all()
        .map((row) => row['integrity_check']),
      ['ok'],
    )
  } finally {
    db.close()
  }
}

/** The text of every policy in force is kept for explanations, from the same commit on. */
function requirePolicyTexts(db: DatabaseSync): void {
  const kept = new Set(
    db
      .prepare('SELECT hash FROM policy_text')
      .all()
      .map((row) => row['hash']),
  )
  for (const { content } of db.prepare("SELECT content FROM iam WHERE kind IN ('user', 'role')").all()) {
    const { inline } = membersOf(JSON.parse(String(content)))
    assert.ok(Array.isArray(inline))
    for (const policy of inline) {
      assert.ok(kept.has(hash('sha256', String(membersOf(policy)['document']))), 'a policy whose text was not kept')
    }
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value ?? {}))
}

function requireIntactTrail(directory: string): void {
  const { code, out, err } = command('audit', 'verify', '--data-dir', directory)
  assert.equal(code, 0, `audit verify: ${out}${err}`)
}

function requireNoErrors(server: Program): void {
  const errors = server
    .stderr()
    .split('\n')
    .filter((line) => /"level":[56]0/.test(line))
  assert.deepEqual(errors, [], 'the server logged errors')
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 100)
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    console.error('usage: npm run crash-test -- ROUNDS')
    process.exit(64)
  }
  const report = await crashLoop(rounds, (line) => console.log(line))
  console.log(
    `${report.rounds} kills under load and ${report.killedWhileStarting} while starting: ${report.acknowledged} acknowledged requests ` +
      `and ${report.keys} keys are all there`,
  )
}
