/** A server that dies while keys are replicated, move to another Region and rotate leaves all keys of each in agreement. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { agreedOn, askerOf, type Agreed, type Ask } from './multi-region-agreement.ts'
import { command, launch, readAccessKey, withDirectory, type Program } from './program.ts'
import { dice as newDice, type Dice } from './random.ts'
import { ConnectionEnded, createKey, KmsWire, members, textOf, type WireAnswer } from './wire.ts'

const regions = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const
const lanes = 8
const rounds = 3
const Plaintext = Buffer.from('kept').toString('base64')

type Step = 'ReplicateKey' | 'UpdatePrimaryRegion' | 'RotateKeyOnDemand'
const steps: readonly Step[] = ['ReplicateKey', 'UpdatePrimaryRegion', 'RotateKeyOnDemand']

/** A multi-Region key as its owner was told that it is. */
interface Told {
  readonly id: string
  primary: string
  replicas: readonly string[]
  rotations: number
  readonly blobs: string[]
  /** What was asked for and not answered, and the Region that it names. */
  underway: { readonly step: Step; readonly to: string } | undefined
  /** How often each step has changed something. */
  readonly done: Map<Step, number>
}

/** The same key once `step` is done. */
function after(key: Told, step: Step, to: string): Pick<Told, 'primary' | 'replicas' | 'rotations'> {
  const { primary, replicas, rotations } = key
  switch (step) {
    case 'ReplicateKey':
      return { primary, replicas: [...replicas, to], rotations }
    case 'UpdatePrimaryRegion':
      return { primary: to, replicas: [...replicas.filter((each) => each !== to), primary], rotations }
    case 'RotateKeyOnDemand':
      return { primary, replicas, rotations: rotations + 1 }
  }
}

it('is killed while keys are replicated, moved and rotated: all keys of each agree, and what was told is so', async () => {
  const dice = newDice()
  console.log(`seed ${dice.seed}`)
  await withDirectory(async (directory) => {
    const keys: Told[] = []
    const interrupted = { done: 0, undone: 0 }
    let server = await started(directory)
    for (let round = 0; round < rounds; round += 1) {
      const client = new KmsWire(await server.ready, readAccessKey(directory), regions[0])
      const worked: Told[] = []
      for (let lane = 0; lane < lanes; lane += 1) worked.push(await newKey(client))
      client.close()
      keys.push(...worked)
      const all = worked.map(async (key, lane) => work(await askerOf(server, regions), key, newDice(dice.seed + lane)))
      const limit = performance.now() + 30_000
      const isUnderWay = (): boolean => steps.every((step) => worked.some(({ done }) => done.has(step)))
      while (!isUnderWay() && performance.now() < limit) await sleep(20)
      await sleep(dice.below(400))
      await server.end('SIGKILL')
      await Promise.all(all)
      for (const what of ['storage', 'audit']) {
        const { code, out, err } = command(what, 'verify', '--data-dir', directory)
        assert.equal(code, 0, `seed ${dice.seed}, ${what}: ${out}${err}`)
      }
      server = await started(directory)
      const ask = await askerOf(server, regions)
      for (const key of keys) await requireTold(ask, key, interrupted)
      requireRecords(directory, keys)
    }
    assert.equal((await server.end('SIGTERM')).code, 0)
    const count = (step: Step): number => keys.reduce((sum, { done }) => sum + (done.get(step) ?? 0), 0)
    console.log(steps.map((step) => `${step} ${count(step)}`).join(', '), 'interrupted:', interrupted)
    for (const step of steps) assert.ok(count(step) > 0, `nothing was there to be interrupted: ${step}`)
    assert.ok(interrupted.done + interrupted.undone > 0)
  })
})

async function started(directory: string): Promise<Program> {
  const args = ['--on-demand-rotations', '10000']
  const server = launch({ directory, workers: 2, regions, args })
  await server.ready
  return server
}

async function newKey(client: KmsWire): Promise<Told> {
  const id = await createKey(client, { MultiRegion: true })
  return { id, primary: regions[0], replicas: [], rotations: 0, blobs: [], underway: undefined, done: new Map() }
}

/** Changes `key` and encrypts with it until the server is gone. */
async function work(ask: Ask, key: Told, dice: Dice): Promise<void> {
  try {
    for (;;) {
      const missing = regions.filter((region) => region !== key.primary && !key.replicas.includes(region))
      const step = dice.pick([
        ...(missing.length > 0 ? (['ReplicateKey'] as const) : []),
        ...(key.replicas.length > 0 ? (['UpdatePrimaryRegion'] as const) : []),
        ...(dice.chance(0.5) ? (['RotateKeyOnDemand'] as const) : []),
        ...(key.replicas.length === 0 ? (['RotateKeyOnDemand'] as const) : []),
      ])
      const to =
        step === 'UpdatePrimaryRegion' ? dice.pick(key.replicas) : step === 'ReplicateKey' ? dice.pick(missing) : ''
      key.underway = { step, to }
      succeeded(await ask(key.primary, step, { KeyId: key.id, ...inputOf(step, to) }))
      finish(key, { step, to })
      const region = dice.pick([key.primary, ...key.replicas])
      const made = members(succeeded(await ask(region, 'Encrypt', { KeyId: key.id, Plaintext })))
      key.blobs.push(textOf(made, 'CiphertextBlob'))
    }
  } catch (error) {
    if (error instanceof ConnectionEnded || (error instanceof Error && 'code' in error && isGone(error.code))) return
    throw error
  }
}

const isGone = (code: unknown): boolean => code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE'

function inputOf(step: Step, to: string): object {
  switch (step) {
    case 'ReplicateKey':
      return { ReplicaRegion: to }
    case 'UpdatePrimaryRegion':
      return { PrimaryRegion: to }
    case 'RotateKeyOnDemand':
      return {}
  }
}

function finish(key: Told, { step, to }: NonNullable<Told['underway']>): void {
  Object.assign(key, after(key, step, to), { underway: undefined })
  key.done.set(step, (key.done.get(step) ?? 0) + 1)
}

function succeeded(answer: WireAnswer): WireAnswer {
  assert.equal(answer.status, 200, answer.body.toString('utf8'))
  return answer
}

/** All keys of it agree, on what was told or on what was underway when the server died; and everything opens everywhere. */
async function requireTold(ask: Ask, key: Told, interrupted: { done: number; undone: number }): Promise<void> {
  const agreed = await agreedOn(ask, regions, key.id)
  const { underway } = key
  if (underway !== undefined) {
    if (isAs(agreed, key)) {
      interrupted.undone += 1
      key.underway = undefined
    } else {
      interrupted.done += 1
      finish(key, underway)
    }
  }
  assert.deepEqual(
    { primary: agreed.primary, replicas: agreed.replicas, rotations: agreed.materials.length - 1 },
    { primary: key.primary, replicas: key.replicas, rotations: key.rotations },
  )
  for (const region of agreed.metadata.keys()) {
    // Each one in each Region the first time; later ones are sampled by the newest and the oldest.
    for (const CiphertextBlob of underway === undefined
      ? [...key.blobs.slice(0, 1), ...key.blobs.slice(-1)]
      : key.blobs) {
      assert.equal(members(succeeded(await ask(region, 'Decrypt', { CiphertextBlob })))['Plaintext'], Plaintext)
    }
    const made = members(succeeded(await ask(region, 'Encrypt', { KeyId: key.id, Plaintext })))
    const opened = members(succeeded(await ask(agreed.primary, 'Decrypt', { CiphertextBlob: made['CiphertextBlob'] })))
    assert.deepEqual([opened['Plaintext'], opened['KeyMaterialId']], [Plaintext, agreed.materials.at(-1)])
  }
}

function isAs({ primary, replicas, materials }: Agreed, key: Told): boolean {
  const same = primary === key.primary && replicas.join() === key.replicas.join()
  return same && materials.length - 1 === key.rotations
}

/** Each step that changed something has its record, and no record is of a change that isn't there. */
function requireRecords(directory: string, keys: readonly Told[]): void {
  const counts = new Map<string, number>()
  for (const record of allRecords(directory)) {
    const step = /"eventName":"(ReplicateKey|UpdatePrimaryRegion|RotateKeyOnDemand)"/.exec(record)?.[1]
    const id = /mrk-[0-9a-f]{32}/.exec(record)?.[0]
    if (step !== undefined && id !== undefined) counts.set(`${step} ${id}`, (counts.get(`${step} ${id}`) ?? 0) + 1)
  }
  for (const key of keys) {
    for (const step of steps)
      assert.equal(counts.get(`${step} ${key.id}`) ?? 0, key.done.get(step) ?? 0, `${step} ${key.id}`)
  }
}
