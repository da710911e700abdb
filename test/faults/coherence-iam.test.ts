/** What one worker acknowledged about who may do what, every other worker goes by in its next request. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { account, launch, readAccessKey, withDirectory, type AccessKey } from './program.ts'
import {
  allowing,
  credentialsIn,
  elementText,
  policyText,
  queryRequest,
  signersOf,
  successText,
  type Parameters,
  type QueryService,
  type Signers,
} from './query-wire.ts'
import { dice as newDice } from './random.ts'
import { errorCode, members, textOf, Wire, type WireAnswer } from './wire.ts'

const rounds = 400
const workers = 3
const arn = (what: string): string => `arn:aws:iam::${account}:${what}`

/** A connection to one worker, over which anybody's requests go. */
class Link {
  readonly worker: string
  readonly #url: string
  readonly #wire: Wire
  readonly #root: Signers

  constructor(url: string, wire: Wire, worker: string, root: Signers) {
    this.#url = url
    this.#wire = wire
    this.#root = root
    this.worker = worker
  }

  get url(): string {
    return this.#url
  }

  async exchange(bytes: Buffer): Promise<WireAnswer> {
    const answer = await this.#wire.exchange(bytes)
    assert.equal(answer.headers.get('x-trent-worker'), this.worker)
    return answer
  }

  kms(signers: Signers, operation: string, input: object): Promise<WireAnswer> {
    return this.exchange(signers.kms.json(operation, input))
  }

  query(signers: Signers, service: QueryService, action: string, parameters: Parameters): Promise<WireAnswer> {
    return this.exchange(queryRequest(signers[service], service, action, parameters))
  }

  /** As the root user. */
  async iam(action: string, parameters: Parameters): Promise<string> {
    return successText(action, await this.query(this.#root, 'iam', action, parameters))
  }

  /** As the root user. */
  async rootKms(operation: string, input: object): Promise<Record<string, unknown>> {
    const answer = await this.kms(this.#root, operation, input)
    assert.equal(answer.status, 200, `${operation}: ${answer.body.toString('utf8')}`)
    return answer.body.length === 0 ? {} : members(answer)
  }

  signers(key: AccessKey): Signers {
    return signersOf(this.#url, key)
  }

  close(): void {
    this.#wire.destroy()
  }
}

/** Something that may or may not be allowed, and what turns it. */
interface Subject {
  readonly name: string
  /** What one sees now. */
  readonly observe: (link: Link) => Promise<string>
  /** Turns it into the other state. Answers what one has to see then. */
  readonly change: (link: Link) => Promise<string>
}

it(`goes by a change of one worker in another one's next decision, ${rounds} times`, async () => {
  const dice = newDice()
  console.log(`seed ${dice.seed}`)
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers, args: ['--test-profile'] })
    const url = await server.ready
    const links = await oneOfEach(url, signersOf(url, readAccessKey(directory)))
    const first = links[0]
    assert.ok(first !== undefined)
    const subjects = await makeSubjects(first)
    const counts = new Map<string, number>()
    for (let round = 1; round <= rounds; round += 1) {
      const subject = dice.pick(subjects)
      const changing = dice.below(workers)
      const observing = (changing + 1 + dice.below(workers - 1)) % workers
      const [changer, observer] = [links[changing], links[observing]]
      assert.ok(changer !== undefined && observer !== undefined)
      // First as it was: the observer has it in its cache then.
      const before = await subject.observe(observer)
      const expected = await subject.change(changer)
      assert.notEqual(before, expected, `round ${round}: ${subject.name} would show nothing`)
      assert.equal(
        await subject.observe(observer),
        expected,
        `round ${round}, seed ${dice.seed}: worker ${observing} after ${subject.name} on worker ${changing}`,
      )
      counts.set(subject.name, (counts.get(subject.name) ?? 0) + 1)
    }
    assert.equal(counts.size, subjects.length, 'something was never changed')
    for (const link of links) link.close()
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null })
  })
})

/** A connection to each worker: the kernel chooses who accepts one, so they are opened until all are there. */
async function oneOfEach(url: string, root: Signers): Promise<readonly Link[]> {
  const found = new Map<string, Link>()
  for (let attempt = 0; attempt < 500 && found.size < workers; attempt += 1) {
    const wire = await Wire.open(url)
    const answer = await wire.exchange(root.kms.json('ListKeys', {}))
    const worker = answer.headers.get('x-trent-worker')
    assert.ok(worker !== undefined, 'an answer that does not name its worker')
    if (found.has(worker)) wire.destroy()
    else found.set(worker, new Link(url, wire, worker, root))
  }
  assert.equal(found.size, workers, 'some worker was never reached')
  return [...found.keys()].sort().flatMap((worker) => found.get(worker) ?? [])
}

const outcome = (answer: WireAnswer): string => errorCode(answer) ?? 'success'
const denied = 'AccessDeniedException'

async function makeSubjects(setup: Link): Promise<readonly Subject[]> {
  const KeyId = await newKey()
  const trust = (user: string): string =>
    policyText({ Effect: 'Allow', Principal: { AWS: arn(`user/${user}`) }, Action: 'sts:AssumeRole' })
  const nobody = policyText({
    Effect: 'Deny',
    Principal: { AWS: arn('root') },
    Action: 'sts:AssumeRole',
  })

  async function newKey(): Promise<string> {
    const { KeyMetadata } = await setup.rootKms('CreateKey', {})
    return textOf(Object.fromEntries(Object.entries(KeyMetadata ?? {})), 'KeyId')
  }

  /** A user with an access key, and what it may do if anything. */
  async function newUser(UserName: string, policy?: string): Promise<{ signers: Signers; accessKeyId: string }> {
    await setup.iam('CreateUser', { UserName })
    if (policy !== undefined) {
      await setup.iam('PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument: policy })
    }
    const key = credentialsIn(await setup.iam('CreateAccessKey', { UserName }))
    return { signers: setup.signers(key), accessKeyId: key.accessKeyId }
  }

  const encrypt =
    (signers: Signers, key = KeyId) =>
    async (link: Link): Promise<string> =>
      outcome(await link.kms(signers, 'Encrypt', { KeyId: key, Plaintext: 'AAAA' }))

  /** Alternates between two changes: the first one brings what is `seen[0]`. */
  function toAndFro(
    name: string,
    observe: Subject['observe'],
    seen: readonly [string, string],
    changes: readonly [(link: Link) => Promise<unknown>, (link: Link) => Promise<unknown>],
  ): Subject {
    let turn = 1
    return {
      name,
      observe,
      change: async (link) => {
        turn = 1 - turn
        await (turn === 0 ? changes[0](link) : changes[1](link))
        return turn === 0 ? seen[0] : seen[1]
      },
    }
  }

  const use = allowing('kms:Encrypt')
  const own = await newUser('policies')
  const ownPolicy = { UserName: 'policies', PolicyName: 'use' }
  const switched = await newUser('switched', use)
  const granted = await newUser('granted')
  const named = await newUser('named')
  const member = await newUser('member')
  const managed = await newUser('managed')
  const bounded = await newUser('bounded', use)
  const assuming = await newUser('assuming', allowing('sts:AssumeRole'))

  await setup.iam('CreateGroup', { GroupName: 'users' })
  await setup.iam('PutGroupPolicy', { GroupName: 'users', PolicyName: 'use', PolicyDocument: use })
  const membership = { GroupName: 'users', UserName: 'member' }

  await setup.iam('CreatePolicy', { PolicyName: 'versions', PolicyDocument: allowing('kms:DescribeKey') })
  await setup.iam('CreatePolicyVersion', { PolicyArn: arn('policy/versions'), PolicyDocument: use })
  await setup.iam('AttachUserPolicy', { UserName: 'managed', PolicyArn: arn('policy/versions') })
  const version = (VersionId: string) => (link: Link) =>
    link.iam('SetDefaultPolicyVersion', { PolicyArn: arn('policy/versions'), VersionId })

  await setup.iam('CreatePolicy', { PolicyName: 'boundary', PolicyDocument: allowing('kms:Decrypt') })

  await setup.iam('CreateRole', { RoleName: 'trusting', AssumeRolePolicyDocument: trust('assuming') })
  const assume = async (link: Link): Promise<string> =>
    outcome(
      await link.query(assuming.signers, 'sts', 'AssumeRole', {
        RoleArn: arn('role/trusting'),
        RoleSessionName: 'test',
      }),
    )
  const trusting = (PolicyDocument: string) => (link: Link) =>
    link.iam('UpdateAssumeRolePolicy', { RoleName: 'trusting', PolicyDocument })

  const policyKey = await newKey()
  const keyPolicy = (...more: readonly object[]): string =>
    policyText({ Effect: 'Allow', Principal: { AWS: arn('root') }, Action: 'kms:*', Resource: '*' }, ...more)
  const putKeyPolicy = (Policy: string) => (link: Link) =>
    link.rootKms('PutKeyPolicy', { KeyId: policyKey, PolicyName: 'default', Policy })
  const naming = {
    Effect: 'Allow',
    Principal: { AWS: arn('user/named') },
    Action: 'kms:Encrypt',
    Resource: '*',
  }

  let GrantId = ''
  const session = async (link: Link, role: string): Promise<Signers> => {
    const parameters = { RoleArn: arn(`role/${role}`), RoleSessionName: 'test' }
    const answer = await link.query(assuming.signers, 'sts', 'AssumeRole', parameters)
    return setup.signers(credentialsIn(successText('AssumeRole', answer)))
  }
  const createRole = (link: Link, RoleName: string): Promise<string> =>
    link.iam('CreateRole', { RoleName, AssumeRolePolicyDocument: trust('assuming') })
  await createRole(setup, 'worker')
  const working = await session(setup, 'worker')
  const rolePolicy = { RoleName: 'worker', PolicyName: 'use' }
  await createRole(setup, 'mortal')
  let mortal = await session(setup, 'mortal')
  let keyOfUser: AccessKey = credentialsIn(await setup.iam('CreateAccessKey', { UserName: 'switched' }))

  return [
    toAndFro(
      'PutUserPolicy and DeleteUserPolicy',
      encrypt(own.signers),
      ['success', denied],
      [
        (link) => link.iam('PutUserPolicy', { ...ownPolicy, PolicyDocument: use }),
        (link) => link.iam('DeleteUserPolicy', ownPolicy),
      ],
    ),
    toAndFro(
      'UpdateAccessKey',
      encrypt(switched.signers),
      ['UnrecognizedClientException', 'success'],
      [
        (link) =>
          link.iam('UpdateAccessKey', { UserName: 'switched', AccessKeyId: switched.accessKeyId, Status: 'Inactive' }),
        (link) =>
          link.iam('UpdateAccessKey', { UserName: 'switched', AccessKeyId: switched.accessKeyId, Status: 'Active' }),
      ],
    ),
    toAndFro(
      'DeleteAccessKey',
      (link) => encrypt(setup.signers(keyOfUser))(link),
      ['UnrecognizedClientException', 'success'],
      [
        (link) => link.iam('DeleteAccessKey', { UserName: 'switched', AccessKeyId: keyOfUser.accessKeyId }),
        async (link) => {
          keyOfUser = credentialsIn(await link.iam('CreateAccessKey', { UserName: 'switched' }))
        },
      ],
    ),
    toAndFro(
      'CreateGrant and RevokeGrant',
      encrypt(granted.signers),
      ['success', denied],
      [
        async (link) => {
          const grant = { KeyId, GranteePrincipal: arn('user/granted'), Operations: ['Encrypt'] }
          GrantId = textOf(await link.rootKms('CreateGrant', grant), 'GrantId')
        },
        (link) => link.rootKms('RevokeGrant', { KeyId, GrantId }),
      ],
    ),
    toAndFro(
      'PutKeyPolicy',
      encrypt(named.signers, policyKey),
      ['success', denied],
      [putKeyPolicy(keyPolicy(naming)), putKeyPolicy(keyPolicy())],
    ),
    toAndFro(
      'AddUserToGroup and RemoveUserFromGroup',
      encrypt(member.signers),
      ['success', denied],
      [(link) => link.iam('AddUserToGroup', membership), (link) => link.iam('RemoveUserFromGroup', membership)],
    ),
    toAndFro('SetDefaultPolicyVersion', encrypt(managed.signers), ['success', denied], [version('v2'), version('v1')]),
    toAndFro(
      'PutUserPermissionsBoundary',
      encrypt(bounded.signers),
      [denied, 'success'],
      [
        (link) =>
          link.iam('PutUserPermissionsBoundary', {
            UserName: 'bounded',
            PermissionsBoundary: arn('policy/boundary'),
          }),
        (link) => link.iam('DeleteUserPermissionsBoundary', { UserName: 'bounded' }),
      ],
    ),
    toAndFro(
      'UpdateAssumeRolePolicy',
      assume,
      ['AccessDenied', 'success'],
      [trusting(nobody), trusting(trust('assuming'))],
    ),
    toAndFro(
      'PutRolePolicy and DeleteRolePolicy',
      encrypt(working),
      ['success', denied],
      [
        (link) => link.iam('PutRolePolicy', { ...rolePolicy, PolicyDocument: use }),
        (link) => link.iam('DeleteRolePolicy', rolePolicy),
      ],
    ),
    toAndFro(
      'DeleteRole',
      (link) => encrypt(mortal)(link),
      ['UnrecognizedClientException', denied],
      [
        (link) => link.iam('DeleteRole', { RoleName: 'mortal' }),
        async (link) => {
          const made = await createRole(link, 'mortal')
          assert.match(elementText(made, 'RoleId'), /^AROA/)
          mortal = await session(link, 'mortal')
        },
      ],
    ),
  ]
}
