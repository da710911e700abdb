/** Many callers on many workers change the keys of one multi-Region key at once: no change is lost, and none is half there. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { agreedOn, type Ask } from './multi-region-agreement.ts'
import { launch, readAccessKey, withDirectory, type Program } from './program.ts'
import { dice as newDice } from './random.ts'
import { createKey, errorCode, KmsWire, members } from './wire.ts'

const regions = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const
const [home, second, third] = regions
const workers = 3
const callers = 12

/** Does `work` with a server and with callers' connections, which reach every worker. */
async function withCallers(work: (server: Program, ask: (caller: number) => Ask) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers, regions, args: ['--test-profile', '--on-demand-rotations', '10000'] })
    const url = await server.ready
    const key = readAccessKey(directory)
    const spread = await spreadClients(url, key)
    await work(server, (caller) => (region, operation, input) => {
      const client = spread[caller % spread.length]?.get(region)
      assert.ok(client !== undefined)
      return client.send(operation, input)
    })
    for (const clients of spread) for (const client of clients.values()) client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
  })
}

/** For each caller a connection to each Region; the kernel chooses the worker, so they are opened until all have some. */
async function spreadClients(
  url: string,
  key: ReturnType<typeof readAccessKey>,
): Promise<readonly ReadonlyMap<string, KmsWire>[]> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const reached = new Set<string | undefined>()
    const spread: Map<string, KmsWire>[] = []
    for (let caller = 0; caller < callers; caller += 1) {
      const clients = new Map(regions.map((region) => [region as string, new KmsWire(url, key, region)]))
      for (const client of clients.values()) {
        reached.add((await client.send('ListKeys', {})).headers.get('x-trent-worker'))
      }
      spread.push(clients)
    }
    if (reached.size === workers) return spread
    for (const clients of spread) for (const client of clients.values()) client.close()
  }
  throw new Error(`no connection reached some of ${workers} workers`)
}

it('makes one replica in a Region when many ask for it at once', async () => {
  await withCallers(async ({ directory }, ask) => {
    const rounds = 15
    const ids: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      const id = await newPrimary(ask(0))
      ids.push(id)
      const targets = Array.from({ length: callers }, (_, caller) =>
        round % 3 === 2 && caller % 2 === 0 ? third : second,
      )
      const codes = await Promise.all(
        targets.map(async (ReplicaRegion, caller) => ({
          ReplicaRegion,
          code: errorCode(await ask(caller)(home, 'ReplicateKey', { KeyId: id, ReplicaRegion })) ?? 'success',
        })),
      )
      for (const target of new Set(targets)) {
        const ended = codes.filter(({ ReplicaRegion }) => ReplicaRegion === target).map(({ code }) => code)
        const others = Array.from({ length: ended.length - 1 }, () => 'AlreadyExistsException')
        assert.deepEqual(ended.toSorted(), [...others, 'success'], `round ${round}, ${target}`)
      }
      const agreed = await agreedOn(ask(1), regions, id)
      assert.deepEqual(agreed.replicas.toSorted(), [...new Set(targets)].toSorted())
    }
    const recorded = (): readonly string[] =>
      allRecords(directory).filter(
        (record) => record.includes('"eventName":"CreateKey"') && record.includes('"eventType":"AwsServiceEvent"'),
      )
    const expected = new Map<string, number>()
    for (const id of ids) expected.set(id, (await agreedOn(ask(2), regions, id)).replicas.length)
    const total = [...expected.values()].reduce((sum, count) => sum + count, 0)
    // The records of changes are moved to the trail a moment after their answers.
    for (let tries = 0; recorded().length < total && tries < 100; tries += 1) await wait(50)
    const made = recorded()
    for (const [id, count] of expected) assert.equal(made.filter((record) => record.includes(id)).length, count)
  })
})

it('keeps what replicas have of their own and every rotation when both change at once', async () => {
  await withCallers(async (_server, ask) => {
    const dice = newDice()
    console.log(`seed ${dice.seed}`)
    const turns = 12
    const id = await newPrimary(ask(0))
    for (const ReplicaRegion of [second, third])
      await succeed(ask(0), home, 'ReplicateKey', { KeyId: id, ReplicaRegion })
    const told = new Map<string, { state: string; description: string; readonly tags: Map<string, string> }>(
      regions.map((region) => [region, { state: 'Enabled', description: '', tags: new Map() }]),
    )
    let rotations = 0
    const rotates = async (caller: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        await succeed(ask(caller), home, 'RotateKeyOnDemand', { KeyId: id })
        rotations += 1
      }
    }
    const each = async (region: string, work: (turn: number) => Promise<void>): Promise<void> => {
      assert.ok(told.has(region))
      for (let turn = 0; turn < turns; turn += 1) await work(turn)
    }
    const own = (region: string) => {
      const found = told.get(region)
      assert.ok(found !== undefined)
      return found
    }
    const turnsOff = (caller: number, region: string): Promise<void> =>
      each(region, async () => {
        const isOn = dice.chance(0.5)
        await succeed(ask(caller), region, isOn ? 'EnableKey' : 'DisableKey', { KeyId: id })
        own(region).state = isOn ? 'Enabled' : 'Disabled'
      })
    const describes = (caller: number, region: string): Promise<void> =>
      each(region, async (turn) => {
        const Description = `${region} ${turn}`
        await succeed(ask(caller), region, 'UpdateKeyDescription', { KeyId: id, Description })
        own(region).description = Description
      })
    const tags = (caller: number, region: string): Promise<void> =>
      each(region, async (turn) => {
        const TagKey = `${caller}-${turn % 5}`
        const isRemoved = own(region).tags.has(TagKey) && dice.chance(0.4)
        if (isRemoved) await succeed(ask(caller), region, 'UntagResource', { KeyId: id, TagKeys: [TagKey] })
        else
          await succeed(ask(caller), region, 'TagResource', { KeyId: id, Tags: [{ TagKey, TagValue: String(turn) }] })
        if (isRemoved) own(region).tags.delete(TagKey)
        else own(region).tags.set(TagKey, String(turn))
      })
    await Promise.all([
      rotates(0),
      rotates(1),
      turnsOff(2, second),
      turnsOff(3, third),
      describes(4, second),
      describes(5, third),
      describes(6, home),
      tags(7, second),
      tags(8, second),
      tags(9, third),
      tags(10, home),
    ])
    for (let caller = 0; caller < callers; caller += 1) {
      const { metadata, materials, primary, replicas } = await agreedOn(ask(caller), regions, id)
      assert.deepEqual([primary, replicas, materials.length - 1], [home, [second, third], rotations])
      for (const [region, { state, description, tags: expected }] of told) {
        const shown = metadata.get(region) ?? {}
        assert.deepEqual([shown['KeyState'], shown['Description']], [state, description], region)
        const { Tags } = await succeed(ask(caller), region, 'ListResourceTags', { KeyId: id })
        assert.ok(Array.isArray(Tags))
        const listed = Tags.map((tag: { readonly TagKey: string; readonly TagValue: string }) => [
          tag.TagKey,
          tag.TagValue,
        ])
        assert.deepEqual(Object.fromEntries(listed), Object.fromEntries(expected), region)
      }
    }
    assert.equal(rotations, 2 * turns)
  })
})

it('moves the primary once when many ask for another Region at once, and rotates it where it is', async () => {
  await withCallers(async (_server, ask) => {
    const id = await newPrimary(ask(0))
    for (const ReplicaRegion of [second, third])
      await succeed(ask(0), home, 'ReplicateKey', { KeyId: id, ReplicaRegion })
    let primary: string = home
    let rotations = 0
    for (let round = 0; round < 15; round += 1) {
      const others = regions.filter((region) => region !== primary)
      const moved: string[] = []
      await Promise.all(
        Array.from({ length: callers }, async (_, caller) => {
          if (caller % 3 === 2) {
            const code = errorCode(await ask(caller)(primary, 'RotateKeyOnDemand', { KeyId: id }))
            // Where it isn't the primary any more, it is refused.
            assert.ok(code === undefined || code === 'UnsupportedOperationException', String(code))
            if (code === undefined) rotations += 1
            return
          }
          const PrimaryRegion = others[caller % 2] ?? ''
          const code = errorCode(await ask(caller)(primary, 'UpdatePrimaryRegion', { KeyId: id, PrimaryRegion }))
          assert.ok(code === undefined || code === 'UnsupportedOperationException', String(code))
          if (code === undefined) moved.push(PrimaryRegion)
        }),
      )
      assert.equal(moved.length, 1, `round ${round}`)
      primary = moved[0] ?? ''
      const agreed = await agreedOn(ask(round), regions, id)
      assert.deepEqual([agreed.primary, agreed.materials.length - 1], [primary, rotations], `round ${round}`)
    }
  })
})

const newPrimary = (ask: Ask): Promise<string> =>
  createKey(
    { call: (operation, input) => succeed(ask, home, operation, { ...(input as object) }) },
    { MultiRegion: true },
  )

async function succeed(ask: Ask, region: string, operation: string, input: object): Promise<Record<string, unknown>> {
  const answer = await ask(region, operation, input)
  assert.equal(answer.status, 200, `${operation} in ${region}: ${answer.body.toString('utf8')}`)
  return answer.body.length === 0 ? {} : members(answer)
}
