/**
 * What a client of a server that gets killed knows: which requests were acknowledged, and what must therefore be there. An
 * entity is changed by one lane only, one request at a time, so that a request without an answer leaves two possibilities
 * for one entity and no more.
 */
import assert from 'node:assert/strict'
import type { Dice } from './random.ts'
import { ConnectionEnded, members, textOf, type KmsWire } from './wire.ts'

interface KeyState {
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion'
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
}

interface Key {
  readonly id: string
  known: KeyState
  /** What it may also be: the request for that was not answered. */
  maybe: KeyState | undefined
  /** Ciphertexts with their plaintexts, base64. */
  readonly blobs: { readonly blob: string; readonly plaintext: string }[]
}

interface Alias {
  readonly name: string
  /** The key's id, or undefined for no such alias. */
  known: string | undefined
  maybe: { readonly target: string | undefined } | undefined
}

type Step = (client: KmsWire, lane: CrashLane, dice: Dice) => Promise<void>

const keysPerLane = 12

/** One client with the keys and aliases that are its own. */
export class CrashLane {
  readonly keys: Key[] = []
  /** Ids of keys that were acknowledged and are not used any more. */
  readonly leftAlone: string[] = []
  readonly aliases: Alias[]
  /** Request ids of acknowledged requests whose records have not been looked up yet. */
  acknowledged: string[] = []
  answers = 0

  constructor(name: string) {
    this.aliases = [0, 1, 2].map((index) => ({
      name: `alias/${name}-${index}`,
      known: undefined,
      maybe: undefined,
    }))
  }

  /** Sends requests until the server is gone. */
  async run(client: KmsWire, dice: Dice): Promise<void> {
    try {
      for (;;) await dice.pick(weighted)(client, this, dice)
    } catch (error) {
      const gone = error instanceof ConnectionEnded || (error instanceof Error && 'code' in error)
      if (!gone) throw error
    } finally {
      client.close()
    }
  }

  /** The members of the success of a request; notes that it was acknowledged. */
  async call(client: KmsWire, operation: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await client.send(operation, body)
    assert.equal(answer.status, 200, `${operation}: ${answer.body.toString('utf8')}`)
    this.acknowledged.push(answer.headers.get('x-amzn-requestid') ?? '')
    this.answers += 1
    return answer.body.length === 0 ? {} : members(answer)
  }

  /** Compares all that is known with what the server says now; afterwards no doubt is left. */
  async verify(client: KmsWire): Promise<void> {
    for (const key of this.keys) {
      const found = await stateOf(client, key.id)
      if (key.maybe !== undefined && JSON.stringify(found) === JSON.stringify(key.maybe)) key.known = key.maybe
      assert.deepEqual(found, key.known, `key ${key.id}`)
      key.maybe = undefined
      if (key.known.state !== 'Enabled') continue
      for (const { blob, plaintext } of key.blobs) {
        const { Plaintext } = await client.call('Decrypt', { CiphertextBlob: blob })
        assert.equal(Plaintext, plaintext, `a plaintext of key ${key.id}`)
      }
    }
    for (const alias of this.aliases) {
      const found = await targetOf(client, alias.name)
      if (alias.maybe !== undefined && found === alias.maybe.target) alias.known = found
      assert.equal(found, alias.known, alias.name)
      alias.maybe = undefined
    }
  }
}

/** What DescribeKey and ListResourceTags say. */
async function stateOf(client: KmsWire, id: string): Promise<KeyState> {
  const { KeyMetadata } = await client.call('DescribeKey', { KeyId: id })
  const metadata = Object.fromEntries(Object.entries(KeyMetadata ?? {}))
  const { Tags } = await client.call('ListResourceTags', { KeyId: id, Limit: 50 })
  assert.ok(Array.isArray(Tags))
  const tags = Object.fromEntries(
    Tags.map((tag: unknown) => {
      const pair = Object.fromEntries(Object.entries(tag ?? {}))
      return [textOf(pair, 'TagKey'), textOf(pair, 'TagValue')]
    }),
  )
  const state = textOf(metadata, 'KeyState')
  assert.ok(state === 'Enabled' || state === 'Disabled' || state === 'PendingDeletion')
  return { state, description: textOf(metadata, 'Description'), tags: sorted(tags) }
}

async function targetOf(client: KmsWire, name: string): Promise<string | undefined> {
  const answer = await client.send('DescribeKey', { KeyId: name })
  if (answer.status !== 200) {
    assert.match(answer.body.toString('utf8'), /NotFoundException/)
    return undefined
  }
  const { KeyMetadata } = members(answer)
  return textOf(Object.fromEntries(Object.entries(KeyMetadata ?? {})), 'KeyId')
}

const sorted = (tags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)))

async function changeKey(
  client: KmsWire,
  lane: CrashLane,
  key: Key,
  operation: string,
  body: object,
  next: KeyState,
): Promise<void> {
  key.maybe = next
  await lane.call(client, operation, { KeyId: key.id, ...body })
  key.known = next
  key.maybe = undefined
}

async function changeAlias(
  client: KmsWire,
  lane: CrashLane,
  alias: Alias,
  operation: string,
  target: string | undefined,
): Promise<void> {
  alias.maybe = { target }
  const body = { AliasName: alias.name, ...(target === undefined ? {} : { TargetKeyId: target }) }
  await lane.call(client, operation, body)
  alias.known = target
  alias.maybe = undefined
}

// A client that was told nothing about a key cannot name it: what a lost answer created is nobody's.
const add: Step = async (client, lane, dice) => {
  // The oldest one is left alone from then on: it has been looked at after many kills, and must only stay.
  const oldest = lane.keys.length < keysPerLane ? undefined : lane.keys.shift()
  if (oldest !== undefined) lane.leftAlone.push(oldest.id)
  const description = `key ${dice.below(1e6)}`
  const tags: Record<string, string> = { born: String(dice.below(1e6)) }
  const answer = await lane.call(client, 'CreateKey', {
    Description: description,
    Tags: [{ TagKey: 'born', TagValue: tags['born'] }],
  })
  const metadata = Object.fromEntries(Object.entries(answer['KeyMetadata'] ?? {}))
  lane.keys.push({
    id: textOf(metadata, 'KeyId'),
    known: { state: 'Enabled', description, tags },
    maybe: undefined,
    blobs: [],
  })
}

/** A step for one of the lane's keys, in the state that it needs. */
function onKey(
  wanted: KeyState['state'] | undefined,
  step: (client: KmsWire, lane: CrashLane, key: Key, dice: Dice) => Promise<void>,
): Step {
  return async (client, lane, dice) => {
    const fitting = lane.keys.filter(({ known }) =>
      wanted === undefined ? known.state !== 'PendingDeletion' : known.state === wanted,
    )
    if (fitting.length === 0) await add(client, lane, dice)
    else await step(client, lane, dice.pick(fitting), dice)
  }
}

const disable = onKey('Enabled', (client, lane, key) =>
  changeKey(client, lane, key, 'DisableKey', {}, { ...key.known, state: 'Disabled' }),
)
const enable = onKey('Disabled', (client, lane, key) =>
  changeKey(client, lane, key, 'EnableKey', {}, { ...key.known, state: 'Enabled' }),
)
const schedule = onKey(undefined, (client, lane, key) =>
  changeKey(
    client,
    lane,
    key,
    'ScheduleKeyDeletion',
    { PendingWindowInDays: 30 },
    { ...key.known, state: 'PendingDeletion' },
  ),
)
const cancel = onKey('PendingDeletion', (client, lane, key) =>
  changeKey(client, lane, key, 'CancelKeyDeletion', {}, { ...key.known, state: 'Disabled' }),
)
const describe = onKey(undefined, (client, lane, key, dice) => {
  const description = `described ${dice.below(1e6)}`
  return changeKey(
    client,
    lane,
    key,
    'UpdateKeyDescription',
    { Description: description },
    { ...key.known, description },
  )
})
const tag = onKey(undefined, (client, lane, key, dice) => {
  const TagKey = `t${dice.below(5)}`
  const TagValue = String(dice.below(1e6))
  const tags = sorted({ ...key.known.tags, [TagKey]: TagValue })
  return changeKey(client, lane, key, 'TagResource', { Tags: [{ TagKey, TagValue }] }, { ...key.known, tags })
})
const untag = onKey(undefined, (client, lane, key, dice) => {
  const TagKey = `t${dice.below(5)}`
  const tags = Object.fromEntries(Object.entries(key.known.tags).filter(([name]) => name !== TagKey))
  return changeKey(client, lane, key, 'UntagResource', { TagKeys: [TagKey] }, { ...key.known, tags })
})
const alias: Step = async (client, lane, dice) => {
  const chosen = dice.pick(lane.aliases)
  const targets = lane.keys.filter(({ known }) => known.state !== 'PendingDeletion')
  if (targets.length === 0) {
    await add(client, lane, dice)
    return
  }
  const target = dice.pick(targets).id
  if (chosen.known === undefined) await changeAlias(client, lane, chosen, 'CreateAlias', target)
  else if (dice.chance(0.4)) await changeAlias(client, lane, chosen, 'DeleteAlias', undefined)
  else await changeAlias(client, lane, chosen, 'UpdateAlias', target)
}
const encrypt = onKey('Enabled', async (client, lane, key, dice) => {
  const plaintext = dice.bytes(24).toString('base64')
  const output = await lane.call(client, 'Encrypt', { KeyId: key.id, Plaintext: plaintext })
  key.blobs.push({ blob: textOf(output, 'CiphertextBlob'), plaintext })
  if (key.blobs.length > 3) key.blobs.shift()
})
const generate = onKey('Enabled', async (client, lane, key) => {
  const output = await lane.call(client, 'GenerateDataKey', { KeyId: key.id, KeySpec: 'AES_256' })
  key.blobs.push({ blob: textOf(output, 'CiphertextBlob'), plaintext: textOf(output, 'Plaintext') })
  if (key.blobs.length > 3) key.blobs.shift()
})
const decrypt = onKey('Enabled', async (client, lane, key, dice) => {
  if (key.blobs.length === 0) return
  const { blob, plaintext } = dice.pick(key.blobs)
  const { Plaintext } = await lane.call(client, 'Decrypt', { CiphertextBlob: blob })
  assert.equal(Plaintext, plaintext)
})
const weighted: readonly Step[] = [
  add,
  add,
  disable,
  enable,
  enable,
  schedule,
  cancel,
  cancel,
  describe,
  describe,
  tag,
  tag,
  untag,
  alias,
  alias,
  alias,
  encrypt,
  encrypt,
  encrypt,
  encrypt,
  generate,
  generate,
  generate,
  decrypt,
  decrypt,
  decrypt,
  decrypt,
]
