/**
 * Five years of a server with two Regions: keys rotate, lose their material and get it again, move, are replicated, deleted and
 * rescued, and the server is restarted and killed in between. Whatever was ever made with a key opens as long as it must, and
 * is refused for the right reason when it must not. TEST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { allRecords } from '../support/audit.ts'
import { command, withDirectory } from './program.ts'
import { dice as newDice, type Dice } from './random.ts'
import { actions, currentMaterial, makeKey, onDemandLimit, type Action } from './years-actions.ts'
import { make, requireAll, type Made, type Tally } from './years-blobs.ts'
import { arnOf, dayMs, isDoomed, type Kind, type ModelKey } from './years-model.ts'
import { listIn, objectOf, regions, World, type Members } from './years-world.ts'

const years = 5
const hourMs = 3_600_000
const minuteMs = 60_000
const actionsPerStep = 12
const stepsBetweenChecks = 4
const stepsBetweenRestarts = 8

const firstKeys: readonly (readonly [kind: Kind, isMultiRegion: boolean, count: number])[] = [
  ['symmetric', false, 4],
  ['symmetric', true, 4],
  ['imported', false, 3],
  ['hmac', false, 1],
  ['hmac', true, 1],
  ['signing', false, 1],
  ['signing', true, 1],
]

it('keeps every blob of five years as readable as its key is, in every Region', async () => {
  const dice = newDice()
  console.log(`seed ${dice.seed}`)
  await withDirectory(async (directory) => {
    const life = new Life(new World(directory, ['--on-demand-rotations', String(onDemandLimit)]), dice)
    try {
      await life.live()
    } catch (error) {
      throw new Error(
        `seed ${dice.seed}, day ${life.day}: ${error instanceof Error ? error.message : String(error)}\n${life.said.slice(-40).join('\n')}`,
        { cause: error },
      )
    }
  })
})

class Life {
  readonly said: string[] = []
  readonly #world: World
  readonly #dice: Dice
  readonly #began: number
  readonly #keys: ModelKey[] = []
  readonly #made: Made[] = []
  readonly #tally: Tally = new Map()
  readonly #done = new Map<string, number>()
  readonly #passed = { deleted: 0, expired: 0, rotated: 0 }

  constructor(world: World, dice: Dice) {
    this.#world = world
    this.#dice = dice
    this.#began = world.now()
  }

  get day(): number {
    return Math.floor((this.#world.now() - this.#began) / dayMs)
  }

  async live(): Promise<void> {
    const [world, dice] = [this.#world, this.#dice]
    await world.start()
    for (const [kind, isMultiRegion, count] of firstKeys) {
      for (let made = 0; made < count; made += 1) await this.#makeKey(kind, isMultiRegion)
    }
    let restarts = 0
    for (let step = 1; this.day < years * 365 + 1; step += 1) {
      await this.#pass((dice.chance(0.3) ? 4 + dice.below(10) : 30 + dice.below(60)) * dayMs + dice.below(24) * hourMs)
      if (dice.chance(0.2)) {
        const [kind, isMultiRegion] = dice.pick(firstKeys)
        await this.#makeKey(kind, isMultiRegion)
      }
      for (let action = 0; action < actionsPerStep; action += 1) await this.#act()
      await this.#use()
      await this.#requireKeys()
      const isRestart = step % stepsBetweenRestarts === 0
      if (isRestart || step % stepsBetweenChecks === 0) await this.#requireBlobs()
      if (!isRestart) continue
      restarts += 1
      await world.end(restarts % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
      await world.start()
      this.#say(`restart ${restarts}`)
      await this.#requireKeys()
      await this.#requireBlobs()
    }
    await this.#doomOne()
    await this.#requireBlobs()
    await world.end('SIGTERM')
    this.#requireRecords()
    const { deleted, expired, rotated } = this.#passed
    console.log(`${this.#keys.length} keys, ${this.#made.length} blobs, ${restarts} restarts`)
    console.log(`by itself: ${deleted} keys deleted, ${expired} materials expired, ${rotated} rotations`)
    console.log([...this.#done].map(([name, count]) => `${name} ${count}`).join(', '))
    for (const [ended, count] of this.#tally) console.log(`${count} times: ${ended}`)
    // A run that saw no rotation or no refusal would have shown nothing.
    assert.ok(deleted > 0 && expired > 0 && rotated > 0 && restarts > 2)
    assert.ok(this.#tally.size >= 6, 'each reason for a refusal was seen')
  }

  #say(line: string): void {
    this.said.push(`day ${this.day}: ${line}`)
  }

  async #makeKey(kind: Kind, isMultiRegion: boolean): Promise<void> {
    const key = await makeKey(this.#world, this.#dice, kind, this.#dice.pick(regions), isMultiRegion)
    this.#keys.push(key)
    this.#say(`${key.id} is a new ${kind} key`)
  }

  /** Lets about `milliseconds` go by: never so that something is due at nearly the same moment, on one side or the other. */
  async #pass(milliseconds: number): Promise<void> {
    const world = this.#world
    const dates = this.#keys.flatMap((key) => key.dates())
    let wait = milliseconds
    while (dates.some((date) => Math.abs(date - world.now() - wait) < hourMs)) wait += hourMs
    const told = await world.advance(wait)
    const passed = { deleted: 0, expired: 0, rotated: 0 }
    for (const key of this.#keys) {
      const { deleted, expired, rotated } = key.pass(world.now())
      passed.deleted += deleted
      passed.expired += expired
      passed.rotated += rotated
      if (!key.isNewlyRotated) continue
      key.isNewlyRotated = false
      key.rotatedTo(await currentMaterial(world, key, key.primary), 'AUTOMATIC')
      this.#say(`${key.id} rotated by itself`)
    }
    const plural = (count: number, what: string): readonly string[] =>
      count === 0 ? [] : [`${what}${count === 1 ? '' : 's'}`]
    assert.deepEqual(told, [
      ...plural(passed.deleted, `deleted ${passed.deleted} key`),
      ...plural(passed.expired, `deleted ${passed.expired} expired key material`),
      ...plural(passed.rotated, `rotated ${passed.rotated} key`),
    ])
    this.#passed.deleted += passed.deleted
    this.#passed.expired += passed.expired
    this.#passed.rotated += passed.rotated
  }

  /** One of the actions that some key allows. */
  async #act(): Promise<void> {
    const dice = this.#dice
    const able = actions.flatMap((action) => {
      const places = this.#keys.flatMap((key) =>
        regions.filter((region) => action.applies(key, region)).map((region) => ({ key, region })),
      )
      return places.length === 0 ? [] : [{ ...action, places }]
    })
    let mark = (dice.below(1_000_000) / 1_000_000) * able.reduce((sum, { weight }) => sum + weight, 0)
    const chosen = able.find(({ weight }) => (mark -= weight) < 0)
    assert.ok(chosen !== undefined)
    await this.#do(chosen, chosen.places)
  }

  async #do(action: Action, places: readonly { readonly key: ModelKey; readonly region: string }[]): Promise<void> {
    const { key, region } = this.#dice.pick(places)
    this.#say(`${action.name}: ${key.id} in ${region}`)
    await action.act(this.#world, this.#dice, key, region)
    this.#done.set(action.name, (this.#done.get(action.name) ?? 0) + 1)
    // What it missed while it was disabled comes with the next run of the job.
    if (key.isRotationDue(this.#world.now())) await this.#pass(minuteMs)
  }

  /** Weeks of waiting for deletion are short beside the steps: at the end, something was made with a key that waits. */
  async #doomOne(): Promise<void> {
    const action = actions.find(({ name }) => name === 'schedule deletion')
    assert.ok(action !== undefined)
    const places = [...new Set(this.#made.map(({ key }) => key))].flatMap((key) =>
      regions.filter((region) => action.applies(key, region)).map((region) => ({ key, region })),
    )
    if (places.length > 0) await this.#do(action, places)
  }

  /** Half of the usable keys make something, in a Region where they are usable. */
  async #use(): Promise<void> {
    for (const key of this.#keys) {
      const usable = regions.filter((region) => key.is(region, 'Enabled'))
      if (usable.length === 0 || this.#dice.chance(0.5)) continue
      this.#made.push(await make(this.#world, this.#dice, key, this.#dice.pick(usable)))
    }
  }

  async #requireBlobs(): Promise<void> {
    await requireAll(this.#world, this.#dice, this.#made, this.#tally)
  }

  /** Every key is shown in every Region as the model has it. */
  async #requireKeys(): Promise<void> {
    const all = this.#keys.flatMap((key) => regions.map((region) => ({ key, region })))
    await this.#world.each(all, ({ key, region }, number) => requireKey(this.#world, key, region, number))
  }

  /** What happened by itself and by rotation is recorded, each once. */
  #requireRecords(): void {
    const { directory } = this.#world
    for (const what of ['storage', 'audit']) {
      const { code, out, err } = command(what, 'verify', '--data-dir', directory)
      assert.equal(code, 0, `${what}: ${out}${err}`)
    }
    const records = allRecords(directory)
    const count = (event: string): number =>
      records.filter((each) => each.includes(`"eventName":"${event}"`) && each.includes('"AwsServiceEvent"')).length
    assert.equal(count('DeleteKey'), this.#passed.deleted)
    assert.equal(count('DeleteExpiredKeyMaterial'), this.#passed.expired)
    const rotations = this.#keys.reduce((sum, key) => sum + key.rotations.length, 0)
    assert.equal(count('RotateKey'), rotations)
  }
}

async function requireKey(world: World, key: ModelKey, region: string, number: number): Promise<void> {
  const state = key.states.get(region)
  const input = { KeyId: key.id }
  if (state === undefined) {
    await world.require(region, 'DescribeKey', input, key.outcome(region, true), number)
    return
  }
  const shown = objectOf((await world.require(region, 'DescribeKey', input, 'success', number))['KeyMetadata'])
  assert.deepEqual([shown['KeyState'], shown['Enabled']], [state.kind, state.kind === 'Enabled'])
  assert.equal(shown['CurrentKeyMaterialId'], key.current)
  requireNear(dateIn(shown, 'DeletionDate'), 'date' in state ? state.date : undefined)
  const place = (named: string): object => ({ Arn: arnOf(named, key.id), Region: named })
  assert.deepEqual(
    shown['MultiRegionConfiguration'],
    key.isMultiRegion
      ? {
          MultiRegionKeyType: region === key.primary ? 'PRIMARY' : 'REPLICA',
          PrimaryKey: place(key.primary),
          ReplicaKeys: key.replicas.map(place),
        }
      : undefined,
  )
  if (key.kind === 'hmac' || key.kind === 'signing') return
  const listed = listIn(await world.require(region, 'ListKeyRotations', input, 'success', number), 'Rotations')
  assert.deepEqual(
    listed.map(objectOf).map(({ KeyMaterialId, RotationType }) => ({ materialId: KeyMaterialId, type: RotationType })),
    key.rotations.map(({ materialId, type }) => ({ materialId, type })),
  )
  if (key.kind !== 'symmetric') return
  // "GetKeyRotationStatus" (API Reference): false while the key is pending deletion, whatever comes back when that is called off.
  const automatic = isDoomed(state) ? undefined : key.automatic
  const status = await world.require(region, 'GetKeyRotationStatus', input, 'success', number)
  assert.deepEqual(
    [status['KeyRotationEnabled'], status['RotationPeriodInDays']],
    [automatic !== undefined, automatic?.periodDays],
  )
  requireNear(dateIn(status, 'NextRotationDate'), automatic?.next)
}

function dateIn(shown: Members, name: string): number | undefined {
  const seconds = shown[name]
  return typeof seconds === 'number' ? seconds * 1000 : undefined
}

/** The same moment, as far as two clocks can tell; epoch milliseconds. */
function requireNear(one: number | undefined, other: number | undefined): void {
  assert.equal(one === undefined, other === undefined)
  assert.ok(Math.abs((one ?? 0) - (other ?? 0)) < 10 * minuteMs)
}
