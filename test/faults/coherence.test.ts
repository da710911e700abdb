/** What one worker acknowledged, every other worker knows in its next request. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { launch, readAccessKey, region, withDirectory } from './program.ts'
import { dice as newDice, type Dice } from './random.ts'
import { createKey, errorCode, KmsWire, members, type WireAnswer } from './wire.ts'

const rounds = 1000
const workers = 3

interface Observation {
  readonly operation: string
  readonly input: object
  /** What is looked at of the answer. */
  readonly of: (answer: WireAnswer) => unknown
}
interface Change {
  readonly operation: string
  readonly input: object
  readonly seen: unknown
}

/** Something that can be changed to and fro, and how it is seen. */
interface Subject {
  readonly observation: Observation
  next(): Change
}

it(`shows a change of one worker to another one in the next request, ${rounds} times`, async () => {
  const dice = newDice()
  console.log(`seed ${dice.seed}`)
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers, args: ['--test-profile'] })
    const url = await server.ready
    const clients = await oneOfEach(url, directory)
    const first = clients[0]
    assert.ok(first !== undefined)
    const subjects = await makeSubjects(first, dice)
    for (let round = 1; round <= rounds; round += 1) {
      const subject = dice.pick(subjects)
      const changing = dice.below(workers)
      const observing = (changing + 1 + dice.below(workers - 1)) % workers
      const { observation } = subject
      const change = subject.next()
      // First as it was: the observer has it in its cache then.
      const before = await ask(clients, observing, observation.operation, observation.input)
      assert.notDeepEqual(observation.of(before), change.seen, `round ${round} would observe nothing`)
      const done = await ask(clients, changing, change.operation, change.input)
      assert.equal(done.status, 200, `round ${round}: ${change.operation}: ${done.body.toString('utf8')}`)
      const after = await ask(clients, observing, observation.operation, observation.input)
      assert.deepEqual(
        observation.of(after),
        change.seen,
        `round ${round}, seed ${dice.seed}: worker ${observing} after ${change.operation} on worker ${changing}`,
      )
    }
    for (const client of clients) client.close()
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
  })
})

/** A connection to each worker: the kernel chooses who accepts one, so they are opened until all are there. */
async function oneOfEach(url: string, directory: string): Promise<readonly KmsWire[]> {
  const key = readAccessKey(directory)
  const found = new Map<string, KmsWire>()
  for (let attempt = 0; attempt < 500 && found.size < workers; attempt += 1) {
    const client = new KmsWire(url, key, region)
    const answer = await client.send('ListKeys', {})
    const worker = answer.headers.get('x-trent-worker')
    assert.ok(worker !== undefined, 'an answer that does not name its worker')
    if (found.has(worker)) client.close()
    else found.set(worker, client)
  }
  return Array.from({ length: workers }, (_, index) => {
    const client = found.get(String(index))
    assert.ok(client !== undefined, `no connection reached worker ${index}`)
    return client
  })
}

async function ask(clients: readonly KmsWire[], worker: number, operation: string, input: object): Promise<WireAnswer> {
  const client = clients[worker]
  assert.ok(client !== undefined)
  const answer = await client.send(operation, input)
  assert.equal(answer.headers.get('x-trent-worker'), String(worker))
  return answer
}

const outcome = (answer: WireAnswer): string => errorCode(answer) ?? 'success'

function metadata(name: string): (answer: WireAnswer) => unknown {
  return (answer) => {
    if (answer.status !== 200) return outcome(answer)
    const { KeyMetadata } = members(answer)
    const found: unknown = Object.fromEntries(Object.entries(KeyMetadata ?? {}))[name]
    return found
  }
}

async function makeSubjects(client: KmsWire, dice: Dice): Promise<readonly Subject[]> {
  const switched = await createKey(client)
  const deleted = await createKey(client)
  const described = await createKey(client)
  const tagged = await createKey(client)
  const one = await createKey(client)
  const two = await createKey(client)
  await client.call('CreateAlias', { AliasName: 'alias/moving', TargetKeyId: one })
  let enabled = true
  let state: 'Enabled' | 'PendingDeletion' | 'Disabled' = 'Enabled'
  let target = one
  let exists = false
  let serial = 0
  return [
    {
      observation: { operation: 'Encrypt', input: { KeyId: switched, Plaintext: 'AAAA' }, of: outcome },
      next: () => {
        enabled = !enabled
        return {
          operation: enabled ? 'EnableKey' : 'DisableKey',
          input: { KeyId: switched },
          seen: enabled ? 'success' : 'DisabledException',
        }
      },
    },
    {
      observation: { operation: 'GenerateDataKey', input: { KeyId: deleted, KeySpec: 'AES_128' }, of: outcome },
      next: () => {
        const operations = {
          Enabled: 'ScheduleKeyDeletion',
          PendingDeletion: 'CancelKeyDeletion',
          Disabled: 'EnableKey',
        }
        const operation = operations[state]
        state = state === 'Enabled' ? 'PendingDeletion' : state === 'PendingDeletion' ? 'Disabled' : 'Enabled'
        const seen = { Enabled: 'success', PendingDeletion: 'KMSInvalidStateException', Disabled: 'DisabledException' }
        return { operation, input: { KeyId: deleted }, seen: seen[state] }
      },
    },
    {
      observation: { operation: 'DescribeKey', input: { KeyId: described }, of: metadata('Description') },
      next: () => {
        const Description = `description ${(serial += 1)}`
        return { operation: 'UpdateKeyDescription', input: { KeyId: described, Description }, seen: Description }
      },
    },
    {
      observation: {
        operation: 'ListResourceTags',
        input: { KeyId: tagged },
        of: (answer) => members(answer)['Tags'],
      },
      next: () => {
        const Tags = [{ TagKey: 'round', TagValue: String((serial += 1)) }]
        return { operation: 'TagResource', input: { KeyId: tagged, Tags }, seen: Tags }
      },
    },
    {
      observation: { operation: 'DescribeKey', input: { KeyId: 'alias/moving' }, of: metadata('KeyId') },
      next: () => {
        target = target === one ? two : one
        return { operation: 'UpdateAlias', input: { AliasName: 'alias/moving', TargetKeyId: target }, seen: target }
      },
    },
    {
      observation: { operation: 'DescribeKey', input: { KeyId: 'alias/coming' }, of: metadata('KeyId') },
      next: () => {
        exists = !exists
        const AliasName = 'alias/coming'
        const TargetKeyId = dice.chance(0.5) ? one : two
        return exists
          ? { operation: 'CreateAlias', input: { AliasName, TargetKeyId }, seen: TargetKeyId }
          : { operation: 'DeleteAlias', input: { AliasName }, seen: 'NotFoundException' }
      },
    },
  ]
}
