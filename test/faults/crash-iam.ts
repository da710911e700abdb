/**
 * The same for who may do what: users, roles, access keys, grants and key policies of a server that gets killed. Each thing
 * has a state that is a text; a change that was not answered leaves two states possible.
 */
import assert from 'node:assert/strict'
import { account, region, type AccessKey } from './program.ts'
import { credentialsIn, policyText, QueryWire, type Parameters, type QueryService } from './query-wire.ts'
import type { Dice } from './random.ts'
import { ConnectionEnded, createKey, errorCode, KmsWire, members, textOf } from './wire.ts'

const arn = (what: string): string => `arn:aws:iam::${account}:${what}`
const absent = 'absent'

/** Both protocols over connections of one client, with a note of every acknowledged request. */
class Client {
  readonly #url: string
  readonly #kms: KmsWire
  readonly #query: QueryWire
  readonly #acknowledged: (requestId: string) => void

  constructor(url: string, key: AccessKey, acknowledged: (requestId: string) => void) {
    this.#url = url
    this.#kms = new KmsWire(url, key, region)
    this.#query = new QueryWire(url, key)
    this.#acknowledged = acknowledged
  }

  async kms(operation: string, body: object): Promise<Record<string, unknown>> {
    const answer = await this.#kms.send(operation, body)
    assert.equal(answer.status, 200, `${operation}: ${answer.body.toString('utf8')}`)
    this.#acknowledged(answer.headers.get('x-amzn-requestid') ?? '')
    return answer.body.length === 0 ? {} : members(answer)
  }

  /** The XML of a success; undefined for what is not there. */
  async find(service: QueryService, action: string, parameters: Parameters): Promise<string | undefined> {
    const answer = await this.#query.send(service, action, parameters)
    const text = answer.body.toString('utf8')
    if (answer.status === 200) this.#acknowledged(answer.headers.get('x-amzn-requestid') ?? '')
    else assert.equal(errorCode(answer), 'NoSuchEntity', `${action}: ${text}`)
    return answer.status === 200 ? text : undefined
  }

  async iam(action: string, parameters: Parameters): Promise<string> {
    const text = await this.find('iam', action, parameters)
    assert.ok(text !== undefined, `${action}: not there`)
    return text
  }

  async authenticates(key: AccessKey): Promise<boolean> {
    const client = new QueryWire(this.#url, key)
    const answer = await client.send('sts', 'GetCallerIdentity', {})
    client.close()
    if (answer.status !== 200) assert.equal(errorCode(answer), 'InvalidClientTokenId')
    return answer.status === 200
  }

  close(): void {
    this.#kms.close()
    this.#query.close()
  }
}

interface Move {
  readonly change: (client: Client) => Promise<unknown>
  /** Whether that state is the one it leads to. */
  readonly leadsTo: (state: string) => boolean
}

interface Thing {
  readonly name: string
  readonly observe: (client: Client) => Promise<string>
  /** A change that the state admits. */
  readonly move: (state: string, dice: Dice) => Move
  known: string
  maybe: Move['leadsTo'] | undefined
}

const to =
  (state: string) =>
  (found: string): boolean =>
    found === state

/** A client of IAM with things of its own. `prepare` it once before all rounds. */
export class IamLane {
  readonly #name: string
  readonly #things: Thing[] = []
  acknowledged: string[] = []
  answers = 0

  constructor(name: string) {
    this.#name = name
  }

  #client(url: string, key: AccessKey): Client {
    return new Client(url, key, (requestId) => {
      this.acknowledged.push(requestId)
      this.answers += 1
    })
  }

  async prepare(url: string, key: AccessKey): Promise<void> {
    const kms = new KmsWire(url, key, region)
    const keyId = await createKey(kms)
    kms.close()
    const client = this.#client(url, key)
    await client.iam('CreateUser', { UserName: `${this.#name}-fixed` })
    this.#things.push(
      entity('User', `${this.#name}-user`, {}),
      entity('Role', `${this.#name}-role`, {
        AssumeRolePolicyDocument: policyText({
          Effect: 'Allow',
          Principal: { AWS: arn(`user/${this.#name}-fixed`) },
          Action: 'sts:AssumeRole',
        }),
      }),
      accessKeys(`${this.#name}-fixed`),
      grant(keyId, arn(`user/${this.#name}-fixed`)),
      keyPolicy(keyId),
    )
    for (const thing of this.#things) thing.known = await thing.observe(client)
    client.close()
  }

  /** Sends requests until the server is gone. */
  async run(url: string, key: AccessKey, dice: Dice): Promise<void> {
    const client = this.#client(url, key)
    try {
      for (;;) {
        const thing = dice.pick(this.#things)
        const { change, leadsTo } = thing.move(thing.known, dice)
        thing.maybe = leadsTo
        await change(client)
        const found = await thing.observe(client)
        assert.ok(leadsTo(found), `${thing.name} is ${found}`)
        thing.known = found
        thing.maybe = undefined
      }
    } catch (error) {
      const gone =
        error instanceof ConnectionEnded || (error instanceof Error && 'code' in error && !isAssertion(error))
      if (!gone) throw error
    } finally {
      client.close()
    }
  }

  /** Compares all that is known with what the server says now; afterwards no doubt is left. */
  async verify(url: string, key: AccessKey): Promise<void> {
    const client = this.#client(url, key)
    for (const thing of this.#things) {
      const found = await thing.observe(client)
      if (thing.maybe?.(found) !== true) assert.equal(found, thing.known, thing.name)
      thing.known = found
      thing.maybe = undefined
    }
    client.close()
  }
}

function isAssertion(error: Error): boolean {
  return error instanceof assert.AssertionError
}

/** A user or role, there or not, without or with one of several policies. */
function entity(kind: 'User' | 'Role', name: string, creation: Parameters): Thing {
  const named = { [`${kind}Name`]: name }
  const policy = { ...named, PolicyName: 'own' }
  return {
    name: `${kind} ${name}`,
    known: absent,
    maybe: undefined,
    observe: async (client) => {
      if ((await client.find('iam', `Get${kind}`, named)) === undefined) return absent
      const text = await client.find('iam', `Get${kind}Policy`, policy)
      return text === undefined ? 'bare' : `policy ${/number([0-9]+)/.exec(text)?.[1] ?? 'of nobody'}`
    },
    move: (state, dice) => {
      if (state === absent) {
        return {
          change: (client) => client.iam(`Create${kind}`, { ...named, ...creation }),
          leadsTo: to('bare'),
        }
      }
      if (state === 'bare' && dice.chance(0.4)) {
        return { change: (client) => client.iam(`Delete${kind}`, named), leadsTo: to(absent) }
      }
      if (state !== 'bare' && dice.chance(0.5)) {
        return { change: (client) => client.iam(`Delete${kind}Policy`, policy), leadsTo: to('bare') }
      }
      const number = dice.below(1e6)
      const PolicyDocument = policyText({
        Sid: `number${number}`,
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: '*',
      })
      return {
        change: (client) => client.iam(`Put${kind}Policy`, { ...policy, PolicyDocument }),
        leadsTo: to(`policy ${number}`),
      }
    },
  }
}

/** The access keys of a user: what is active authenticates, and nothing else does. */
function accessKeys(UserName: string): Thing {
  const secrets = new Map<string, AccessKey>()
  const listed = async (client: Client): Promise<readonly (readonly [string, string])[]> => {
    const text = await client.iam('ListAccessKeys', { UserName })
    return [...text.matchAll(/<member>.*?<\/member>/gs)]
      .map(([one]) => [/<AccessKeyId>(\w+)</.exec(one)?.[1] ?? '', /<Status>(\w+)</.exec(one)?.[1] ?? ''] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }
  return {
    name: `access keys of ${UserName}`,
    known: '',
    maybe: undefined,
    observe: async (client) => {
      const pairs = await listed(client)
      for (const [accessKeyId, key] of secrets) {
        const status = pairs.find(([id]) => id === accessKeyId)?.[1]
        assert.equal(
          await client.authenticates(key),
          status === 'Active',
          `access key ${accessKeyId} is ${status ?? absent}`,
        )
        if (status === undefined) secrets.delete(accessKeyId)
      }
      return pairs.map((pair) => pair.join(' ')).join(',')
    },
    move: (state, dice) => {
      const pairs = state === '' ? [] : state.split(',')
      const rest = (one: string): string => pairs.filter((pair) => pair !== one).join(',')
      if (pairs.length < 2 && dice.chance(0.5)) {
        return {
          change: async (client) => {
            const made = credentialsIn(await client.iam('CreateAccessKey', { UserName }))
            secrets.set(made.accessKeyId, made)
          },
          leadsTo: (found) => {
            const now = found === '' ? [] : found.split(',')
            const added = now.filter((pair) => !pairs.includes(pair))
            return now.length === pairs.length + 1 && added.length === 1 && added[0]?.endsWith(' Active') === true
          },
        }
      }
      if (pairs.length === 0) return { change: () => Promise.resolve(), leadsTo: to(state) }
      const chosen = dice.pick(pairs)
      const [AccessKeyId = '', status] = chosen.split(' ')
      if (dice.chance(0.4)) {
        return {
          change: (client) => client.iam('DeleteAccessKey', { UserName, AccessKeyId }),
          leadsTo: to(rest(chosen)),
        }
      }
      const Status = status === 'Active' ? 'Inactive' : 'Active'
      const expected = pairs.map((pair) => (pair === chosen ? `${AccessKeyId} ${Status}` : pair)).join(',')
      return {
        change: (client) => client.iam('UpdateAccessKey', { UserName, AccessKeyId, Status }),
        leadsTo: to(expected),
      }
    },
  }
}

/** A grant, by its name. */
function grant(KeyId: string, GranteePrincipal: string): Thing {
  const Name = 'the-grant'
  const idOf = async (client: Client): Promise<string> => {
    const { Grants } = await client.kms('ListGrants', { KeyId })
    assert.ok(Array.isArray(Grants))
    const found = Grants.map((one: unknown) => Object.fromEntries(Object.entries(one ?? {})))
    assert.ok(found.length <= 1, 'two grants of one name')
    const [only] = found
    return only === undefined ? absent : textOf(only, 'GrantId')
  }
  return {
    name: `grant on ${KeyId}`,
    known: absent,
    maybe: undefined,
    observe: idOf,
    move: (state) =>
      state === absent
        ? {
            change: (client) => client.kms('CreateGrant', { KeyId, GranteePrincipal, Name, Operations: ['Encrypt'] }),
            leadsTo: (found) => found !== absent,
          }
        : {
            change: (client) => client.kms('RevokeGrant', { KeyId, GrantId: state }),
            leadsTo: to(absent),
          },
  }
}

function keyPolicy(KeyId: string): Thing {
  return {
    name: `policy of ${KeyId}`,
    known: '',
    maybe: undefined,
    observe: async (client) => textOf(await client.kms('GetKeyPolicy', { KeyId, PolicyName: 'default' }), 'Policy'),
    move: (_, dice) => {
      const Sid = `number${dice.below(1e6)}`
      const Policy = policyText({
        Sid,
        Effect: 'Allow',
        Principal: { AWS: arn('root') },
        Action: 'kms:*',
        Resource: '*',
      })
      return {
        change: (client) => client.kms('PutKeyPolicy', { KeyId, PolicyName: 'default', Policy }),
        leadsTo: (found) => found.includes(`"${Sid}"`),
      }
    },
  }
}
