import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAccountId, parseGrantId, parseKeyId, parseRegion } from '#base/brand.ts'
import { decideRetirement } from '#kms/grant/retire.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { Question } from '#policy/question.ts'
import type { Subject } from '#policy/subject.ts'
import type { GrantPrincipal, GrantRecord } from '#records/grant.ts'

const present = <T>(value: T | undefined): T => {
  assert.ok(value !== undefined)
  return value
}
const keyAccount = present(parseAccountId('111122223333'))
const issuer = present(parseAccountId('444455556666'))
const stranger = present(parseAccountId('777788889999'))
const root = (account: string): string => `arn:aws:iam::${account}:root`

const named = (name: string): GrantPrincipal => ({ name, given: name, kind: 'AWS' })
const grant: GrantRecord = {
  region: present(parseRegion('us-east-1')),
  account: keyAccount,
  keyId: present(parseKeyId('1234abcd-12ab-34cd-56ef-1234567890ab')),
  grantId: present(parseGrantId('ab'.repeat(32))),
  grantee: named('AIDAGRANTEE'),
  retiring: named('AROARETIRING'),
  issuingAccount: root(issuer),
  operations: ['Decrypt'],
  encryptionContextEquals: [['a', 'b']],
  encryptionContextSubset: undefined,
  sourceArn: 'arn:aws:s3:us-east-1:111122223333:bucket',
  name: '',
  nameKey: undefined,
  creationDate: 0,
}

const allowing = {
  name: 'allowing',
  policy: compilePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:RetireGrant","Resource":"*"}}',
  ),
}
const denying = {
  name: 'denying',
  policy: compilePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*"}}'),
}
const useless = {
  name: 'useless',
  policy: compilePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'),
}

function user(account: typeof keyAccount, id: string, more: Partial<Subject> = {}): Subject {
  return {
    kind: 'user',
    account,
    names: { direct: [id], entity: [], account: [root(account), account] },
    identity: [],
    boundary: undefined,
    session: undefined,
    serviceControl: [],
    ...more,
  }
}

function session(account: typeof keyAccount, roleId: string, more: Partial<Subject> = {}): Subject {
  const names = { direct: [`${roleId}:s`], entity: [roleId], account: [root(account), account] }
  return user(account, '', { kind: 'role session', names, ...more })
}

const rootUser = (account: typeof keyAccount): Subject => {
  const arn = root(account)
  return user(account, '', { kind: 'root', names: { direct: [arn], entity: [], account: [arn, account] } })
}

function may(subject: Subject, of: Partial<GrantRecord> = {}): boolean {
  const question: Question = {
    subject,
    action: 'kms:RetireGrant',
    resource: {
      arn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      account: keyAccount,
      policy: undefined,
      policyLayer: 'key policy',
      resourceControl: [[denying]],
      awsManaged: false,
    },
    crossAccount: true,
    context: { value: () => undefined },
    endpoint: undefined,
    grants: undefined,
    grantUse: undefined,
  }
  return decideRetirement(question, { ...grant, ...of }).allowed
}

describe('a grant may be retired', () => {
  it('by its retiring principal, without any policy, in whatever account and whatever the constraints', () => {
    assert.equal(may(user(stranger, 'AIDARETIRING'), { retiring: named('AIDARETIRING') }), true)
    assert.equal(may(session(stranger, 'AROARETIRING')), true)
    assert.equal(may(session(keyAccount, 'AROARETIRING')), true)
    assert.equal(may(session(stranger, 'AROARETIRING'), { retiring: named('AROARETIRING:s') }), true)
  })

  it('by its retiring role no further than session policies and boundary go', () => {
    assert.equal(may(session(stranger, 'AROARETIRING', { session: [useless] })), false)
    assert.equal(may(session(stranger, 'AROARETIRING', { session: [allowing] })), true)
    assert.equal(may(session(stranger, 'AROARETIRING', { boundary: useless })), false)
  })

  it('by its grantee when RetireGrant is among the operations', () => {
    const grantee = user(stranger, 'AIDAGRANTEE')
    assert.equal(may(grantee), false)
    assert.equal(may(grantee, { operations: ['Decrypt', 'RetireGrant'] }), true)
    assert.equal(may(user(stranger, 'AIDAOTHER'), { operations: ['RetireGrant'] }), false)
  })

  it('by whom the issuing account lets do it', () => {
    assert.equal(may(user(issuer, 'AIDAADMIN')), false)
    assert.equal(may(user(issuer, 'AIDAADMIN', { identity: [useless] })), false)
    assert.equal(may(user(issuer, 'AIDAADMIN', { identity: [allowing] })), true)
    assert.equal(may(user(issuer, 'AIDAADMIN', { identity: [allowing], boundary: useless })), false)
    assert.equal(may(rootUser(issuer)), true)
  })

  it('by whom the retiring account lets do it', () => {
    const retiring = named(root(stranger))
    assert.equal(may(user(stranger, 'AIDAADMIN'), { retiring }), false)
    assert.equal(may(user(stranger, 'AIDAADMIN', { identity: [allowing] }), { retiring }), true)
    assert.equal(may(rootUser(stranger), { retiring }), true)
  })

  it('by nobody else: not by the account that owns the key', () => {
    assert.equal(may(rootUser(keyAccount)), false)
    assert.equal(may(user(keyAccount, 'AIDAADMIN', { identity: [allowing] })), false)
    assert.equal(may(rootUser(stranger)), false)
    assert.equal(may(rootUser(stranger), { retiring: undefined }), false)
  })

  it('by nobody whose own policies deny it, whichever way it would be allowed', () => {
    assert.equal(may(session(stranger, 'AROARETIRING', { identity: [denying] })), false)
    assert.equal(may(user(issuer, 'AIDAADMIN', { identity: [allowing, denying] })), false)
    const operations = ['RetireGrant']
    assert.equal(may(user(stranger, 'AIDAGRANTEE', { identity: [denying] }), { operations }), false)
    assert.equal(may(user(stranger, 'AIDAGRANTEE', { serviceControl: [[denying]] }), { operations }), false)
    assert.equal(may(session(issuer, 'AROARETIRING', { session: [denying] })), false)
  })
})
