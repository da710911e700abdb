import assert from 'node:assert/strict'
import { createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { SecretBytes } from '#base/secret-bytes.ts'
import { importHierarchy, openHierarchy, rootKey, wrapDomainKey } from '#crypto/key-hierarchy.ts'
import { openToken, sameToken, sealToken, sessionSecret } from '#crypto/session-token.ts'
import { createSoftwareSessions } from '#keystores/software/sessions.ts'
import type { Session } from '#ports/sessions.ts'
import { account, accessKeyId, flipped, newHierarchy, otherAccessKeyId, random } from './key-fixtures.ts'

const rootBytes = randomBytes(32)
const root = (): SecretBytes => new SecretBytes(Buffer.from(rootBytes))
const hierarchy = newHierarchy('inst-1', [1], root())
const seal = (content: string): string => sealToken(hierarchy, randomBytes(28), content)

/** Bytes that each stand behind their length. */
const prefixed = (...parts: readonly string[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([0, 0, 0, part.length]), Buffer.from(part)])))

describe('a session token', () => {
  it('has the documented form', () => {
    const bytes = Buffer.from(seal('{"a":"ü"}'), 'base64url')
    assert.equal(bytes[0], 1)
    const key = createHmac('sha256', rootKey(root(), 'inst-1', 'session-token'))
      .update(bytes.subarray(1, 17))
      .digest()
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(17, 29), { authTagLength: 16 })
    decipher.setAAD(prefixed('session-token', 'inst-1', '1')).setAuthTag(bytes.subarray(-16))
    const content = Buffer.concat([decipher.update(bytes.subarray(29, -16)), decipher.final()])
    assert.equal(content.toString(), '{"a":"ü"}')
  })

  it('opens where it was made, in every thread, and after a restart with other domain keys', () => {
    const token = seal('content')
    assert.equal(openToken(hierarchy, token), 'content')
    assert.equal(openToken(importHierarchy(hierarchy.exportForThread()), token), 'content')
    const restarted = openHierarchy(
      root(),
      'inst-1',
      [wrapDomainKey(root(), 'inst-1', 2, randomBytes(32), randomBytes(12))],
      2,
    )
    assert.equal(openToken(restarted, token), 'content')
  })

  it('opens nowhere else, and not when a bit of it was changed', () => {
    const token = seal('content')
    assert.equal(openToken(newHierarchy('inst-2', [1], root()), token), undefined)
    assert.equal(openToken(newHierarchy('inst-1'), token), undefined)
    const bytes = Buffer.from(token, 'base64url')
    for (let index = 0; index < bytes.length; index += 1) {
      assert.equal(openToken(hierarchy, flipped(bytes, index).toString('base64url')), undefined)
    }
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(openToken(hierarchy, bytes.subarray(0, length).toString('base64url')), undefined)
    }
  })

  it('has one spelling', () => {
    const token = seal('content!')
    const bytes = Buffer.from(token, 'base64url')
    assert.notEqual(bytes.length % 3, 0)
    for (const other of [`${token}=`, ` ${token}`, `${token}\n`, bytes.toString('base64'), token.replace(/.$/, last)]) {
      assert.deepEqual(Buffer.from(other, 'base64url'), bytes)
      assert.equal(openToken(hierarchy, other), undefined)
    }
  })

  it('is compared whole, beyond Latin letters too', () => {
    const held = Buffer.from('abcdef')
    assert.ok(sameToken(held, 'abcdef'))
    for (const other of ['abcdeg', 'abcde', 'abcdefg', '', 'šbcdef', 'abcdeš', 'abcde\u0166']) {
      assert.ok(!sameToken(held, other), other)
    }
    const long = 'x'.repeat(5000)
    assert.ok(sameToken(Buffer.from(long), long))
    assert.ok(!sameToken(Buffer.from(long), `${long.slice(1)}y`))
  })
})

// The last character of base64 without padding has bits that stand for nothing.
function last(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet.charAt(alphabet.indexOf(character) + 1)
}

describe('the secret access key of temporary credentials', () => {
  it('is base64 of a MAC over access key id and time of issue, and can be made again', () => {
    const mac = createHmac('sha256', rootKey(root(), 'inst-1', 'session-secret'))
      .update(prefixed('session-secret', 'AKIAIOSFODNN7EXAMPLE', '1000'))
      .digest('base64')
    const secret = sessionSecret(hierarchy, accessKeyId, 1000)
    assert.equal(secret.insecureSecretAccess().toString(), mac.slice(0, 40))
    secret.destroy()
    assert.equal(sessionSecret(hierarchy, accessKeyId, 1000).insecureSecretAccess().toString(), mac.slice(0, 40))
  })

  it('is another for another access key, time or installation', () => {
    const secrets = [
      sessionSecret(hierarchy, accessKeyId, 1000),
      sessionSecret(hierarchy, accessKeyId, 1001),
      sessionSecret(hierarchy, otherAccessKeyId, 1000),
      sessionSecret(newHierarchy('inst-2', [1], root()), accessKeyId, 1000),
    ].map((secret) => secret.insecureSecretAccess().toString())
    assert.equal(new Set(secrets).size, 4)
    for (const secret of secrets) assert.match(secret, /^[A-Za-z0-9+/]{40}$/)
  })
})

describe('temporary credentials', () => {
  const sessions = createSoftwareSessions(hierarchy, random)
  const bare: Session = {
    account,
    principal: { kind: 'root' },
    issuedAt: 1_795_341_600_250,
    expiresAt: 1_795_345_200_250,
    policies: undefined,
    tags: [],
    transitiveTagKeys: [],
    sourceIdentity: undefined,
    claims: {},
  }
  const full: Session = {
    ...bare,
    policies: {
      documents: ['{"Version":"2012-10-17","Statement":[]}'],
      arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    },
    tags: [{ TagKey: 'Team', TagValue: 'größte "Rot"' }],
    transitiveTagKeys: ['Team'],
    sourceIdentity: 'carol',
    claims: { 'idp.example.com:sub': 'repo:trent', 'idp.example.com:amr': ['pwd', 'otp'] },
  }

  it('carry their session, whatever it is', () => {
    for (const session of [
      bare,
      full,
      { ...full, principal: { kind: 'role', roleId: 'AROAROLEROLEROLEROLE1', sessionName: 'build-7' } },
      { ...bare, principal: { kind: 'user', userId: 'AIDAUSERUSERUSERUSER1' } },
      { ...bare, principal: { kind: 'federated', userId: 'AIDAUSERUSERUSERUSER1', name: 'bob' } },
      {
        ...bare,
        policies: { documents: [], arns: [] },
        principal: { kind: 'federated', userId: undefined, name: 'bob' },
      },
    ] satisfies readonly Session[]) {
      const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue(session)
      assert.match(accessKeyId, /^ASIA[A-Z2-7]{16}$/)
      const opened = sessions.open(sessionToken)
      assert.deepEqual(opened?.session, session)
      assert.equal(opened.accessKeyId, accessKeyId)
      assert.deepEqual(opened.secretAccessKey.insecureSecretAccess(), secretAccessKey.insecureSecretAccess())
    }
  })

  it('have a short token', () => {
    const session: Session = {
      ...bare,
      principal: { kind: 'role', roleId: 'AROAROLEROLEROLEROLE1', sessionName: 'build-7' },
    }
    assert.ok(sessions.issue(session).sessionToken.length < 300)
  })

  it('are never the same', () => {
    const ids = Array.from({ length: 100 }, () => sessions.issue(bare).accessKeyId)
    assert.equal(new Set(ids).size, 100)
  })

  it('are not opened from content that this version does not know', () => {
    for (const content of [
      '{}',
      '[]',
      'null',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[],[],null]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["robot"],1,2,null,[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["role","AROA"],1,2,null,[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["user",null],1,2,null,[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","1111",["root"],1,2,null,[],[],null,[]]',
      '["A","111122223333",["root"],1,2,null,[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],"1",2,null,[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,[["x"]],[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,"x",[],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[["k"]],[],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[],[7],null,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[],[],7,[]]',
      '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[],[],null,[["k",7]]]',
    ]) {
      assert.equal(sessions.open(seal(content)), undefined, content)
    }
    const known = '["ASIAIOSFODNN7EXAMPLE","111122223333",["root"],1,2,null,[],[],null,[]]'
    assert.ok(sessions.open(seal(known)) !== undefined)
  })
})
