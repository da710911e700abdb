import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal, RefusalError } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { parseAccountId, parseRegion, parseRequestId } from '#base/brand.ts'
import { attachPolicy } from '#iam/entity/attachment.ts'
import { putInline } from '#iam/entity/inline.ts'
import { changesIn, entityNamed, existing, userOrCaller } from '#iam/entity/target.ts'
import type { IamPorts } from '#iam/operation.ts'
import type { Caller } from '#policy/principal.ts'
import type { UserRecord } from '#records/iam.ts'
import { rootCaller } from '../support/callers.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { systemRandom } from '../../src/system.ts'

const account = parseAccountId('111122223333') ?? assert.fail()
const region = parseRegion('eu-west-1') ?? assert.fail()
const now = Date.UTC(2026, 10, 22)

const user: UserRecord = {
  kind: 'user',
  account,
  id: 'AIDAAAAAAAAAAAAAAAAAA',
  name: 'Alice',
  path: '/team/',
  creationDate: now,
  inline: [],
  attached: [],
  groups: [],
  boundary: undefined,
  tags: [],
  sessionsValidFrom: 0,
}

function portsWith(storage: MemoryStorage): IamPorts {
  const outcome = storage.commit({
    changes: [
      {
        kind: 'account added',
        account: {
          account,
          creationDate: now,
          name: '',
          serviceControl: [],
          resourceControl: [],
          rootSessionsValidFrom: 0,
        },
      },
      { kind: 'iam added', entity: user },
    ],
    expectations: [],
    record: '{}',
  })
  assert.equal(outcome, 'committed')
  return {
    storage: storage.reader,
    random: systemRandom(),
    principals: { storedName: () => undefined, shownName: (stored) => stored },
    policies: { identity: () => assert.fail(), managed: () => assert.fail() },
    sealSecret: () => assert.fail(),
  }
}

const root = rootCaller(account, region)
const factsOf = (caller: Caller): RequestFacts => ({
  requestId: parseRequestId('01a20167-ebef-753f-b33f-79dbbdc6cd07') ?? assert.fail(),
  region,
  account,
  callerArn: caller.arn,
  callerUserId: caller.userId,
  caller,
  viaService: undefined,
  now,
})
const callerOf = (kind: Caller['subject']['kind'], userId: string): Caller => ({
  ...root,
  userId,
  subject: { ...root.subject, kind },
})

for (const answers of ['at once', 'later'] as const) {
  describe(`what IAM acts on, from a storage that answers ${answers}`, () => {
    it('is without a name the user who calls, or the root user', async () => {
      const ports = portsWith(new MemoryStorage(answers))
      const target = userOrCaller('iam:GetUser')
      const asUser = await target.resolve({}, factsOf(callerOf('user', user.id)), ports)
      assert.ok(!isRefusal(asUser))
      assert.deepEqual([asUser.kind, asUser.arn], ['user', 'arn:aws:iam::111122223333:user/team/Alice'])
      const asRoot = await target.resolve({}, factsOf(root), ports)
      assert.ok(!isRefusal(asRoot))
      assert.deepEqual([asRoot.kind, asRoot.arn], ['root', 'arn:aws:iam::111122223333:root'])
    })

    it('has to be named by callers who are no users', async () => {
      const ports = portsWith(new MemoryStorage(answers))
      for (const kind of ['role session', 'federated user', 'service'] as const) {
        const found = await userOrCaller('iam:GetUser').resolve({}, factsOf(callerOf(kind, 'AROAX:session')), ports)
        assert.ok(isRefusal(found))
        assert.deepEqual(
          [found.code, found.message],
          ['ValidationException', 'Must specify userName when calling with non-User credentials'],
        )
      }
    })
  })
}

describe('changes of IAM', () => {
  it('keep the text of a policy under its hash', async () => {
    const ports = portsWith(new MemoryStorage())
    const facts = factsOf(root)
    const resource = await entityNamed('user', 'alice', facts, ports)
    const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}'
    const changes = putInline(resource, { PolicyName: 'p', PolicyDocument }, facts)
    assert.deepEqual(changes, [
      {
        kind: 'iam changed',
        entity: { ...resource.record, inline: [{ name: 'p', document: PolicyDocument }] },
      },
      {
        kind: 'policy text kept',
        hash: '1146050b8dc1639427e3019cfff9bcfde0d88d9b22c856a1563e5ea0c04e795a',
        text: PolicyDocument,
        keptAt: now,
      },
    ])
  })

  it('attach ten policies to a user and no more', async () => {
    const ports = portsWith(new MemoryStorage())
    const facts = factsOf(root)
    const resource = await entityNamed('user', 'alice', facts, ports)
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    const holding = (count: number) => {
      const attached = Array.from({ length: count }, (_, index) => `arn:aws:iam::111122223333:policy/p${index}`)
      return { ...resource, record: { ...existing(resource), attached } }
    }
    assert.equal((await attachPolicy(holding(9), { PolicyArn }, facts, ports)).length, 1)
    await assert.rejects(
      attachPolicy(holding(10), { PolicyArn }, facts, ports),
      (error) =>
        error instanceof RefusalError &&
        error.refusal.code === 'LimitExceededException' &&
        error.refusal.message === 'Cannot exceed quota for PoliciesPerUser: 10',
    )
  })

  it('of access keys write the account anew, so that no other change is made beside them', async () => {
    const storage = new MemoryStorage()
    const ports = portsWith(storage)
    const { account: seen, ...resource } = await entityNamed('user', 'alice', factsOf(root), ports)
    const changes = changesIn(
      { ...resource, account: seen },
      {
        kind: 'policy text kept',
        hash: 'h',
        text: 't',
        keptAt: now,
      },
    )
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['policy text kept', 'account changed'],
    )
    const expectations = [{ kind: 'account', account, rev: seen.rev }] as const
    assert.equal(storage.commit({ changes, expectations, record: '{}' }), 'committed')
    assert.equal(storage.commit({ changes, expectations, record: '{}' }), 'conflict')
  })
})
