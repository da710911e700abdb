import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signingKey } from '#aws/sigv4.ts'
import type { Credential } from '#ports/identities.ts'
import {
  account,
  document,
  home,
  keyIdOf,
  managed,
  MemoryIdentities,
  otherAccount,
  accountRecord,
  role,
  roleSession,
  user,
  verdict,
} from './memory-identities.ts'

const alice = 'AIDAUSERUSERUSERUSER1'
const userKey = 'AKIAIOSFODNN7EXAMPLE'
const otherKey = 'AKIAI44QH8DHBEXAMPLE'

function found(credential: Credential | undefined): Credential {
  assert.ok(credential !== undefined)
  return credential
}
const isZero = (bytes: Buffer | undefined): boolean => bytes?.every((byte) => byte === 0) ?? false

for (const answers of ['at once', 'later'] as const) {
  describe(`credentials, from a storage that answers ${answers}`, () => {
    it('are those of the user that a long-term access key speaks for', async () => {
      const memory = new MemoryIdentities(answers)
      memory.add(user({ path: '/eng/', inline: [{ name: 'keys', document: document('Allow', 'kms:ListKeys') }] }))
      memory.accessKey(userKey, alice)
      const credential = found(await memory.longTerm(userKey))
      assert.equal(credential.status, 'Active')
      assert.equal(credential.expiresAt, undefined)
      assert.equal(credential.caller.arn, 'arn:aws:iam::111122223333:user/eng/Alice')
      assert.equal(credential.caller.userId, alice)
      assert.equal(credential.caller.accessKeyId, userKey)
      assert.equal(credential.caller.session, undefined)
      assert.deepEqual(JSON.parse(credential.userIdentity), {
        type: 'IAMUser',
        principalId: alice,
        arn: 'arn:aws:iam::111122223333:user/eng/Alice',
        accountId: '111122223333',
        accessKeyId: userKey,
        userName: 'Alice',
      })
      assert.equal(verdict(credential, 'kms:ListKeys'), 'allowed')
      assert.equal(verdict(credential, 'kms:CreateKey'), 'missing allow: identity policy')
    })

    it('are the same object, without a look into storage, until something of the account changes', async () => {
      const memory = new MemoryIdentities(answers)
      memory.add(user())
      memory.accessKey(userKey, alice)
      const issued = memory.issue(roleSession({ principal: { kind: 'user', userId: alice } }))
      const before = [await memory.longTerm(userKey), await memory.temporary(issued)]
      const { reads } = memory
      assert.equal(await memory.longTerm(userKey), before[0])
      assert.equal(await memory.temporary(issued), before[1])
      assert.equal(memory.reads, reads)
      memory.put({ kind: 'account changed', account: accountRecord({ serviceControl: [[document('Deny', '*')]] }) })
      for (const credential of [await memory.longTerm(userKey), await memory.temporary(issued)]) {
        assert.equal(verdict(credential, 'kms:ListKeys'), 'explicit deny: service control policy')
      }
    })

    it('end with the user, and with its access key', async () => {
      const memory = new MemoryIdentities(answers)
      memory.add(user())
      const accessKey = memory.accessKey(userKey, alice)
      memory.accessKey(otherKey, alice)
      assert.ok((await memory.longTerm(userKey)) !== undefined)
      memory.put({ kind: 'access key changed', accessKey: { ...accessKey, status: 'Inactive' } })
      assert.equal((await memory.longTerm(userKey))?.status, 'Inactive')
      memory.put({ kind: 'access key removed', accessKeyId: accessKey.accessKeyId, account })
      assert.equal(await memory.longTerm(userKey), undefined)
      assert.ok((await memory.longTerm(otherKey)) !== undefined)
      memory.put({ kind: 'iam removed', account, of: 'user', id: alice })
      assert.equal(await memory.longTerm(otherKey), undefined)
    })
  })
}

describe('temporary credentials', () => {
  const withRole = (): MemoryIdentities => {
    const memory = new MemoryIdentities()
    memory.add(
      role({ path: '/ci/', inline: [{ name: 'all', document: document('Allow', 'kms:*') }] }),
      user({ inline: [{ name: 'all', document: document('Allow', 'kms:*') }] }),
    )
    return memory
  }

  it('are a session of the role', async () => {
    const memory = withRole()
    const issued = memory.issue(roleSession())
    const credential = found(await memory.temporary(issued))
    assert.equal(credential.caller.arn, 'arn:aws:sts::111122223333:assumed-role/Deploy/build-7')
    assert.equal(credential.caller.userId, 'AROAROLEROLEROLEROLE1:build-7')
    assert.equal(credential.expiresAt, Date.UTC(2026, 10, 22, 11))
    assert.deepEqual(credential.caller.session, { transitiveTags: [], sourceIdentity: undefined })
    assert.deepEqual(JSON.parse(credential.userIdentity), {
      type: 'AssumedRole',
      principalId: 'AROAROLEROLEROLEROLE1:build-7',
      arn: 'arn:aws:sts::111122223333:assumed-role/Deploy/build-7',
      accountId: '111122223333',
      accessKeyId: issued.accessKeyId,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAROLEROLEROLEROLE1',
          arn: 'arn:aws:iam::111122223333:role/ci/Deploy',
          accountId: '111122223333',
          userName: 'Deploy',
        },
        attributes: { creationDate: '2026-11-22T10:00:00Z', mfaAuthenticated: 'false' },
      },
    })
    assert.equal(verdict(credential, 'kms:ListKeys'), 'allowed')
  })

  it('sign with the secret that was issued', async () => {
    const memory = withRole()
    const issued = memory.sessions.issue(roleSession())
    const credential = found(await memory.temporary(issued))
    const secret = issued.secretAccessKey.insecureSecretAccess()
    assert.equal(
      memory.identities.signingKey(credential, '20261122', home, 'kms').hex('x'),
      signingKey(secret, '20261122', home, 'kms').hex('x'),
    )
  })

  it('are limited by the policies of the session', async () => {
    const memory = withRole()
    memory.add(managed(document('Allow', 'kms:CreateKey')))
    const policies = {
      documents: [document('Allow', 'kms:ListKeys')],
      arns: ['arn:aws:iam::111122223333:policy/Limits'],
    }
    const credential = await memory.temporary(memory.issue(roleSession({ policies })))
    assert.equal(verdict(credential, 'kms:ListKeys'), 'allowed')
    assert.equal(verdict(credential, 'kms:CreateKey'), 'allowed')
    assert.equal(verdict(credential, 'kms:ListAliases'), 'missing allow: session policy')
    const without = { documents: [], arns: ['arn:aws:iam::111122223333:policy/Gone'] }
    const broken = await memory.temporary(memory.issue(roleSession({ policies: without })))
    assert.equal(verdict(broken, 'kms:ListKeys'), 'error: session policy')
  })

  it('see new versions of the policies of the session', async () => {
    const memory = withRole()
    memory.add(managed(document('Allow', 'kms:*')))
    const policies = { documents: [], arns: ['arn:aws:iam::111122223333:policy/Limits'] }
    const issued = memory.issue(roleSession({ policies }))
    assert.equal(verdict(await memory.temporary(issued), 'kms:ListKeys'), 'allowed')
    memory.add(managed(document('Deny', 'kms:*')))
    assert.equal(verdict(await memory.temporary(issued), 'kms:ListKeys'), 'explicit deny: session policy')
  })

  it('of federated users may do nothing without a policy, and no more than the user otherwise', async () => {
    const memory = withRole()
    const principal = { kind: 'federated', userId: alice, name: 'bob' } as const
    const bare = found(await memory.temporary(memory.issue(roleSession({ principal }))))
    assert.equal(bare.caller.arn, 'arn:aws:sts::111122223333:federated-user/bob')
    assert.equal(bare.caller.userId, '111122223333:bob')
    assert.deepEqual(bare.caller.subject.names, {
      direct: ['arn:aws:sts::111122223333:federated-user/bob'],
      entity: [alice],
      account: ['arn:aws:iam::111122223333:root', '111122223333'],
    })
    assert.equal(verdict(bare, 'kms:ListKeys'), 'missing allow: session policy')
    const policies = { documents: [document('Allow', '*')], arns: [] }
    const limited = await memory.temporary(memory.issue(roleSession({ principal, policies })))
    assert.equal(verdict(limited, 'kms:ListKeys'), 'allowed')
    assert.equal(verdict(limited, 'iam:ListUsers'), 'missing allow: identity policy')
    const ofRoot = { kind: 'federated', userId: undefined, name: 'bob' } as const
    const wide = found(await memory.temporary(memory.issue(roleSession({ principal: ofRoot, policies }))))
    assert.equal(verdict(wide, 'iam:ListUsers'), 'allowed')
    assert.deepEqual(wide.caller.subject.names.entity, [])
    assert.match(wide.userIdentity, /"sessionIssuer":\{"type":"Root","principalId":"111122223333"/)
  })

  it('of GetSessionToken stay the user, or the root user', async () => {
    const memory = withRole()
    const session = await memory.temporary(memory.issue(roleSession({ principal: { kind: 'user', userId: alice } })))
    assert.equal(found(session).caller.arn, 'arn:aws:iam::111122223333:user/Alice')
    assert.equal(found(session).caller.subject.kind, 'user')
    assert.doesNotMatch(found(session).userIdentity, /sessionIssuer/)
    const root = found(await memory.temporary(memory.issue(roleSession({ principal: { kind: 'root' } }))))
    assert.equal(root.caller.arn, 'arn:aws:iam::111122223333:root')
    assert.equal(root.caller.userId, '111122223333')
    assert.equal(verdict(root, 'iam:ListUsers'), 'allowed')
  })

  it('die with the role, and a namesake of it does not revive them', async () => {
    const memory = withRole()
    const issued = memory.issue(roleSession())
    assert.ok((await memory.temporary(issued)) !== undefined)
    memory.put({ kind: 'iam removed', account, of: 'role', id: 'AROAROLEROLEROLEROLE1' })
    assert.equal(await memory.temporary(issued), undefined)
    memory.add(role({ id: 'AROAROLEROLEROLEROLE2', path: '/ci/' }))
    assert.equal(await memory.temporary(issued), undefined)
  })

  it('die when sessions were revoked, but for those issued later', async () => {
    const memory = withRole()
    const kinds = [
      { kind: 'role', roleId: 'AROAROLEROLEROLEROLE1', sessionName: 'build-7' },
      { kind: 'user', userId: alice },
      { kind: 'federated', userId: alice, name: 'bob' },
      { kind: 'root' },
      { kind: 'federated', userId: undefined, name: 'bob' },
    ] as const
    const old = kinds.map((principal) => memory.issue(roleSession({ principal, issuedAt: 999 })))
    const young = kinds.map((principal) => memory.issue(roleSession({ principal, issuedAt: 1000 })))
    for (const issued of [...old, ...young]) assert.ok((await memory.temporary(issued)) !== undefined)
    memory.add(role({ sessionsValidFrom: 1000 }), user({ sessionsValidFrom: 1000 }))
    memory.put({ kind: 'account changed', account: accountRecord({ rootSessionsValidFrom: 1000 }) })
    for (const issued of old) assert.equal(await memory.temporary(issued), undefined)
    for (const issued of young) assert.ok((await memory.temporary(issued)) !== undefined)
  })

  it('of a user of another account than the token says are nobody', async () => {
    const memory = withRole()
    memory.put({ kind: 'account added', account: accountRecord({ account: otherAccount }) })
    assert.equal(await memory.temporary(memory.issue(roleSession({ account: otherAccount }))), undefined)
    const gone = { kind: 'role', roleId: alice, sessionName: 'build-7' } as const
    assert.equal(await memory.temporary(memory.issue(roleSession({ principal: gone }))), undefined)
  })

  it('need their own token, whole, and long-term access keys none', async () => {
    const memory = withRole()
    memory.accessKey(userKey, alice)
    const issued = memory.issue(roleSession())
    const other = memory.issue(roleSession())
    const { accessKeyId, sessionToken } = issued
    const attempts = async (): Promise<void> => {
      const changed = `${sessionToken.slice(0, -8)}${sessionToken.at(-8) === 'A' ? 'B' : 'A'}${sessionToken.slice(-7)}`
      for (const token of [
        other.sessionToken,
        changed,
        `${sessionToken}=`,
        `${sessionToken} `,
        '',
        'FwoGZXIvYXdzEXAMPLE',
      ]) {
        assert.equal(await memory.temporary({ accessKeyId, sessionToken: token }), undefined)
      }
      assert.equal(await memory.longTerm(accessKeyId), undefined)
      assert.equal(await memory.temporary({ accessKeyId: keyIdOf(userKey), sessionToken }), undefined)
    }
    await attempts()
    assert.ok((await memory.temporary(issued)) !== undefined)
    await attempts()
    assert.ok((await memory.temporary(issued)) !== undefined)
    const foreign = new MemoryIdentities().issue(roleSession())
    assert.equal(await memory.temporary(foreign), undefined)
  })
})

describe('the secrets of access keys', () => {
  it('are overwritten when the access key leaves the cache, with the signing keys made of them', async () => {
    const memory = new MemoryIdentities('at once', 1)
    memory.accessKey(userKey)
    memory.accessKey(otherKey)
    const first = found(await memory.longTerm(userKey))
    const key = memory.identities.signingKey(first, '20261122', 'us-east-1', 'kms')
    assert.equal(key.hex('x').length, 64)
    assert.ok((await memory.longTerm(otherKey)) !== undefined)
    assert.ok(isZero(memory.opened[0]))
    assert.ok(!isZero(memory.opened[1]))
    assert.throws(() => key.hex('x'), /destroyed/)
    // A secret of zeros would be one that anybody can sign with.
    assert.throws(() => memory.identities.signingKey(first, '20261122', 'us-east-1', 'kms'), /left the cache/)
  })

  it('are overwritten for sessions too, which displace no long-term access keys', async () => {
    const memory = new MemoryIdentities('at once', 1)
    memory.accessKey(userKey)
    const longTerm = await memory.longTerm(userKey)
    const sessions = [1, 2, 3].map(() => memory.issue(roleSession({ principal: { kind: 'root' } })))
    for (const issued of sessions) assert.ok((await memory.temporary(issued)) !== undefined)
    assert.deepEqual(memory.opened.map(isZero), [false, true, true, false])
    assert.equal(await memory.longTerm(userKey), longTerm)
  })

  it('are overwritten at once when the token is of another access key', async () => {
    const memory = new MemoryIdentities()
    const { sessionToken } = memory.issue(roleSession({ principal: { kind: 'root' } }))
    assert.equal(await memory.temporary({ accessKeyId: keyIdOf(userKey), sessionToken }), undefined)
    assert.deepEqual(memory.opened.map(isZero), [true])
  })
})
