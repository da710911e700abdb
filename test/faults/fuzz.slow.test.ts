/** A hundred thousand requests, most of them wrong: never a server error, never anything but one answer. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { makeCallers, type FuzzCallers } from './fuzz-callers.ts'
import { fuzzedRequest, type FuzzedRequest } from './fuzz-requests.ts'
import { steps, stepsTaken } from './fuzz-steps.ts'
import { makeWorld, marker, type World } from './fuzz-world.ts'
import { launch, readAccessKey, region, withDirectory, type Program } from './program.ts'
import { dice as newDice, type Dice } from './random.ts'
import { ConnectionEnded, KmsWire, parseAnswer, Wire, type WireAnswer } from './wire.ts'

const total = Number(process.env['FUZZ_REQUESTS'] ?? 100_000)
const connections = 32
// An answer to bytes that may be no whole request; without one, the end of the stream brings the verdict.
const patienceMs = 40
// Node's heap may grow to some hundred megabytes before it is collected in earnest; a leak of 100,000 requests is more.
const memoryLimitKiB = 700 * 1024

interface Tally {
  readonly reached: number[]
  readonly statuses: Map<string, number>
  closed: number
  signedAfter: number
  /** Request ids of the requests whose caller was known. */
  readonly authenticated: string[]
}

it('answers 100,000 spoiled requests each once, records those of known callers, and stays alive', async () => {
  const dice = newDice()
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers: 2 })
    const url = await server.ready
    const key = readAccessKey(directory)
    const client = new KmsWire(url, key, region)
    const world = await makeWorld(client)
    client.close()
    const callers = await makeCallers(url, key)
    const tally: Tally = {
      reached: steps.map(() => 0),
      statuses: new Map(),
      closed: 0,
      signedAfter: 0,
      authenticated: [],
    }
    const started = performance.now()
    let rest = total
    const lanes = Array.from({ length: connections }, async () => {
      const lane = new Lane(url)
      while (rest > 0) {
        rest -= 1
        await probe(lane, world, callers, dice, tally)
      }
      lane.close()
    })
    const canary = watch(server, url, world, () => rest > 0)
    await Promise.all([...lanes, canary])
    const seconds = (performance.now() - started) / 1000
    report(dice, tally, seconds, server)
    assert.ok(memoryOf(server) < memoryLimitKiB, `the server holds ${memoryOf(server)} KiB`)
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
    nothingLeaked(server, directory)
    requireRecords(directory, tally)
    if (total >= 100_000) {
      for (const [index, step] of steps.entries()) {
        assert.ok((tally.reached[index] ?? 0) > 5000, `only ${tally.reached[index] ?? 0} requests were ${step}`)
      }
    }
  })
})

/** A connection that is replaced when it was closed. */
class Lane {
  readonly #url: string
  #wire: Wire | undefined

  constructor(url: string) {
    this.#url = url
  }

  async wire(): Promise<Wire> {
    if (this.#wire?.usable !== true) this.#wire = await Wire.open(this.#url)
    return this.#wire
  }

  async fresh(): Promise<Wire> {
    return Wire.open(this.#url)
  }

  close(): void {
    this.#wire?.destroy()
  }
}

async function probe(lane: Lane, world: World, callers: FuzzCallers, dice: Dice, tally: Tally): Promise<void> {
  const request = fuzzedRequest(world, callers, dice)
  if (request.signedAfter) tally.signedAfter += 1
  try {
    const answers = request.framingIntact ? [await ordinary(lane, request)] : await unframed(lane, request)
    for (const answer of answers) judge(answer, request, tally)
    if (answers.length === 0) tally.closed += 1
  } catch (error) {
    const shown = JSON.stringify(request.bytes.toString('latin1'))
    throw new Error(`seed ${dice.seed}: ${error instanceof Error ? error.message : String(error)} for ${shown}`, {
      cause: error,
    })
  }
}

async function ordinary(lane: Lane, request: FuzzedRequest): Promise<WireAnswer> {
  const wire = await lane.wire()
  const answer = await wire.exchange(request.bytes)
  assert.equal(wire.surplus.length, 0, 'more than one answer')
  return answer
}

/** Whatever comes back for bytes of which nobody can say where the request ends. */
async function unframed(lane: Lane, request: FuzzedRequest): Promise<WireAnswer[]> {
  const wire = await lane.fresh()
  const answers: WireAnswer[] = []
  const first = wire.exchange(request.bytes).then(
    (answer) => answers.push(answer),
    (error: unknown) => {
      if (!(error instanceof ConnectionEnded)) throw error
    },
  )
  await Promise.race([first, sleep(patienceMs)])
  wire.finish()
  await first
  await Promise.race([wire.closed, sleep(1000)])
  let rest = wire.surplus
  while (rest.length > 0) {
    const parsed = parseAnswer(rest)
    assert.ok(parsed !== undefined, `half an answer: ${JSON.stringify(rest.toString('latin1'))}`)
    answers.push(parsed.answer)
    rest = rest.subarray(parsed.length)
  }
  wire.destroy()
  return answers
}

function judge(answer: WireAnswer, request: FuzzedRequest, tally: Tally): void {
  assert.ok(answer.status < 500, `a server error: ${answer.status} ${answer.body.toString('utf8')}`)
  const type = answer.headers.get('content-type')
  if (answer.body.length > 0 && type === 'application/x-amz-json-1.1') JSON.parse(answer.body.toString('utf8'))
  const count = stepsTaken(answer, request.headersIntact)
  for (let index = 0; index < count; index += 1) tally.reached[index] = (tally.reached[index] ?? 0) + 1
  const name = `${answer.status} after ${count}`
  tally.statuses.set(name, (tally.statuses.get(name) ?? 0) + 1)
  if (count < 2) return
  const id = answer.headers.get('x-amzn-requestid')
  assert.ok(id !== undefined, 'an answer without a request id')
  tally.authenticated.push(id)
}

/** Somebody else's connection, which must not notice anything. */
async function watch(server: Program, url: string, world: World, going: () => boolean): Promise<void> {
  const client = new KmsWire(url, readAccessKey(server.directory), region)
  const KeyId = world.keys[0]
  while (going()) {
    await client.call('Encrypt', { KeyId, Plaintext: 'AAAA' })
    await sleep(50)
  }
  client.close()
}

function memoryOf(server: Program): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))?.[1])
}

function report(dice: Dice, tally: Tally, seconds: number, server: Program): void {
  const reached = steps.map((step, index) => `${step} ${tally.reached[index] ?? 0}`).join(', ')
  console.log(
    `seed ${dice.seed}: ${total} requests in ${seconds.toFixed(1)} s, ${tally.signedAfter} signed after the change`,
  )
  console.log(`reached: ${reached}; closed without an answer ${tally.closed}; server memory ${memoryOf(server)} KiB`)
}

function nothingLeaked(server: Program, directory: string): void {
  for (const [where, text] of [
    ['standard error', server.stderr()],
    ['standard output', server.stdout()],
    ['the security log', readFileSync(join(directory, 'security.log'), 'utf8')],
  ] as const) {
    const at = text.indexOf(marker)
    assert.ok(at < 0, `${where} shows what a body held: ${text.slice(Math.max(0, at - 300), at + 100)}`)
    // What plaintexts begin with, in base64.
    assert.ok(!text.includes('enE3SngwTWFya2V'), `${where} shows a plaintext`)
  }
  const errors = server
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"level":50') || line.includes('"level":60'))
  assert.deepEqual(errors, [], 'the server logged errors')
}

/** Every request of a known caller is in the trail, once. */
function requireRecords(directory: string, { authenticated }: Tally): void {
  const missing = new Set(authenticated)
  assert.equal(missing.size, authenticated.length, 'a request id was given out twice')
  const reader = new TrailReader(join(directory, 'trail.db'))
  let seq = 0
  for (;;) {
    const found = reader.after(seq, 5000)
    for (const { record } of found.records) {
      const id = /"requestID":"([0-9a-f-]{36})"/.exec(record)?.[1]
      if (id !== undefined) missing.delete(id)
    }
    if (found.seq === seq) break
    seq = found.seq
  }
  reader.close()
  assert.equal(missing.size, 0, `${missing.size} answered requests have no record, such as ${[...missing][0] ?? ''}`)
}
