import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RefusalError, refusal, type ErrorCode } from '#aws/errors.ts'
import { defineChange, defineRead } from '#aws/operation.ts'
import type { ChangeOperation, Operation, ReadOperation, Service, Target, Targets } from '#aws/operation.ts'
import { blob, optional, secret, string, type Fields, type Value } from '#aws/shape.ts'
import { signingKey } from '#aws/sigv4.ts'
import { parseAccessKeyId, parseAccountId, parseRegion, type AccountId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { GatewayPorts } from '#gateway/bound-service.ts'
import type { Answer } from '#gateway/request.ts'
import { bindService } from '#gateway/run.ts'
import type { CommitOutcome } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { AccountRecord } from '#records/identity.ts'
import { systemRandom } from '../../src/system.ts'
import { rootCaller } from '../support/callers.ts'
import { sign, type Credentials } from '../support/signed-request.ts'

const credentials: Credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'a secret of forty characters or so, yes.',
}
const url = 'http://127.0.0.1:1'
const account = known(parseAccountId('111122223333'))
const region = known(parseRegion('us-east-1'))
const accessKeyId = known(parseAccessKeyId(credentials.accessKeyId))

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

const random = systemRandom()
const added: AccountRecord = {
  account,
  creationDate: 0,
  name: '',
  serviceControl: [],
  resourceControl: [],
  rootSessionsValidFrom: 0,
}

type Ports = undefined
type Op = Operation<Ports, Expectation, Change>

const read = <
  I extends Fields,
  O extends Fields,
  const T extends Targets<Ports, Expectation, Value<I>>,
  const E extends ErrorCode,
>(
  declared: ReadOperation<Ports, Expectation, I, O, T, E>,
): Op => defineRead(declared)
const change = <
  I extends Fields,
  O extends Fields,
  const T extends Targets<Ports, Expectation, Value<I>>,
  const E extends ErrorCode,
>(
  declared: ChangeOperation<Ports, Expectation, Change, I, O, T, E>,
): Op => defineChange(declared)

const own: Target<Ports, unknown, AccountId, Expectation> = {
  action: 'kms:Anything',
  crossAccount: false,
  resolve: (_input, facts) => facts.account,
  describe: (owner) => ({ arn: '*', account: owner, policy: undefined, awsManaged: false }),
  admit: () => undefined,
  audited: () => undefined,
}

const common = {
  input: { Name: optional(string()) },
  targets: { own },
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'any',
  errors: ['NotFoundException'],
} as const

type AuditRecord = Readonly<Record<string, unknown>>

function parsed(record: string): AuditRecord {
  const value: unknown = JSON.parse(record)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

interface World {
  readonly records: AuditRecord[]
  readonly failures: unknown[]
  metered: number
  commits: number
  run(operation: Op, options?: { outcomes?: CommitOutcome[]; auditFails?: boolean }): Promise<Answer>
}

function world(): World {
  const self: World = {
    records: [],
    failures: [],
    metered: 0,
    commits: 0,
    run: (operation, { outcomes = [], auditFails = false } = {}) => {
      const service: Service<Ports, Expectation, Change> = {
        name: 'kms',
        eventSource: 'kms.amazonaws.com',
        internalError: 'KMSInternalException',
        protocol: { kind: 'aws-json', targetPrefix: 'TrentService' },
        alsoScopedTo: [],
        operations: { [operation.name]: operation },
      }
      const caller = { ...rootCaller(account, region), accessKeyId }
      const ports: GatewayPorts = {
        identities: {
          credential: () => ({ caller, userIdentity: '{}', status: 'Active', expiresAt: undefined }),
          resourceControl: () => [],
          signingKey: (_credential, date, scopeRegion, name) =>
            signingKey(Buffer.from(credentials.secretAccessKey), date, scopeRegion, name),
        },
        audit: {
          append: (record, _at, done) => {
            if (auditFails) {
              done(new Error('the disk is full'))
              return
            }
            self.records.push(parsed(record))
            done(undefined)
          },
        },
        committer: {
          commit: (commit) => {
            self.commits += 1
            const outcome = outcomes.shift() ?? 'committed'
            if (outcome === 'committed') self.records.push(parsed(commit.record))
            return Promise.resolve(outcome)
          },
        },
        quota: {
          take: () => {
            self.metered += 1
            return true
          },
        },
        strangers: { take: () => true },
        clock: { now: () => Date.now(), machineNow: () => Date.now() },
        random,
        securityLog: { refused: (event) => assert.fail(JSON.stringify(event)) },
        failures: {
          failed: (_where, error) => self.failures.push(error),
          undecided: (_where, error) => self.failures.push(error),
        },
      }
      const bound = bindService(service, undefined, ports, {
        regions: new Set([region]),
        home: region,
        skewSeconds: 900,
      })
      const signed = sign(
        {
          method: 'POST',
          target: '/',
          headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation.name}` },
          body: '{"Name":"x"}',
        },
        url,
        credentials,
        { region, service: 'kms' },
      )
      const receivedMs = Date.now()
      return new Promise((resolve) => {
        bound.run(
          operation.name,
          {
            requestId: random.requestId(receivedMs),
            receivedMs,
            method: 'POST',
            path: '/',
            query: '',
            rawHeaders: Object.entries({ ...signed.headers, host: new URL(url).host }).flat(),
            body: Buffer.from(signed.body),
            sourceIp: '127.0.0.1',
            endpoint: undefined,
            client: ',"sourceIPAddress":"127.0.0.1"',
            tlsDetails: undefined,
          },
          resolve,
        )
      })
    },
  }
  return self
}

const audit = { readOnly: true, request: ['Name'], response: [] } as const

// What no type checker lets through, and a defect may.
const unencodable = {
  get Name(): string {
    throw new TypeError('not a string')
  },
}

describe('the pipeline', () => {
  it('binds no operation that nobody could be asked for, unless it says that it needs no permission', async () => {
    const open = read({
      ...common,
      name: 'Open',
      effect: 'read',
      output: {},
      targets: {},
      audit,
      handle: () => ({}),
    })
    await assert.rejects(async () => world().run(open), {
      name: 'TypeError',
      message: 'Open must have targets, or say that it needs no permission, and not both',
    })
    assert.equal((await world().run({ ...open, permission: 'none' })).status, 200)
  })

  it('records a call whose record could not be made of its own parts, and answers an internal error', async () => {
    const here = world()
    const broken = read({
      ...common,
      name: 'Broken',
      effect: 'read',
      output: {},
      audit: {
        ...audit,
        requestExtra: () => {
          throw new Error('no parts')
        },
      },
      handle: () => ({}),
    })
    const answer = await here.run(broken)
    assert.equal(answer.status, 500)
    assert.equal(answer.body.toString(), '{"__type":"KMSInternalException"}')
    assert.deepEqual(
      here.records.map((record) => [record['errorCode'], record['requestParameters']]),
      [['KMSInternalException', null]],
    )
  })

  it('stores nothing of a change whose answer can not be written', async () => {
    const here = world()
    const unanswerable = change({
      ...common,
      name: 'Unanswerable',
      effect: 'change',
      output: { Name: string() },
      audit: { ...audit, readOnly: false },
      handle: () => ({
        output: unencodable,
        changes: [{ kind: 'account added', account: added }],
      }),
    })
    assert.equal((await here.run(unanswerable)).status, 500)
    assert.equal(here.commits, 0)
    assert.equal(here.records.length, 1)
  })

  it('runs a change again when its commit meets a conflict, and counts it against the quota once', async () => {
    const here = world()
    let runs = 0
    const changing = change({
      ...common,
      name: 'Changing',
      effect: 'change',
      output: {},
      audit: { ...audit, readOnly: false },
      handle: () => {
        runs += 1
        return {
          output: {},
          changes: [{ kind: 'account added', account: added } satisfies Change],
        }
      },
    })
    assert.equal((await here.run(changing, { outcomes: ['conflict', 'conflict', 'committed'] })).status, 200)
    assert.deepEqual(
      { runs, commits: here.commits, metered: here.metered, records: here.records.length },
      { runs: 3, commits: 3, metered: 1, records: 1 },
    )
  })

  it('overwrites an answer that was not recorded, and answers an internal error instead', async () => {
    const here = world()
    const plaintext = Buffer.from('plaintext')
    const secretive = read({
      ...common,
      name: 'Secretive',
      effect: 'read',
      output: { Plaintext: secret(blob()) },
      audit,
      handle: () => {
        return { Plaintext: new SecretBytes(plaintext) }
      },
    })
    const answer = await here.run(secretive, { auditFails: true })
    assert.equal(answer.body.toString(), '{"__type":"KMSInternalException"}')
    assert.deepEqual(plaintext, Buffer.alloc(9))
    assert.equal(here.failures.length, 1)
  })

  it('answers an error that the operation does not declare as an internal one', async () => {
    const here = world()
    const undeclared = read({
      ...common,
      name: 'Undeclared',
      effect: 'read',
      output: {},
      audit,
      handle: () => {
        throw new RefusalError(refusal('TagException', 'Too many tags'))
      },
    })
    assert.equal((await here.run(undeclared)).body.toString(), '{"__type":"KMSInternalException"}')
    assert.equal(here.records[0]?.['errorCode'], 'KMSInternalException')
  })
})
