import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { isPolicyProblem, parsePolicy } from '#policy/document.ts'
import { evaluate } from '#policy/evaluate.ts'
import { ask } from './questions.ts'
import { contextOf } from './subjects.ts'

const statement = (elements: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'kms:*', Resource: '*', ...elements } })

describe('a policy document', () => {
  it('is read with everything in it', () => {
    const parsed = parsePolicy(
      '{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Deny","NotPrincipal":{"AWS":["*","a"],' +
        '"Service":"b","Federated":"c"},"NotAction":"d","NotResource":["e"],' +
        '"Condition":{"ForAnyValue:StringNotLikeIfExists":{"Key":["v",1.50,true]}}}]}',
    )
    assert.deepEqual(parsed, {
      version: '2012-10-17',
      versionGiven: true,
      id: 'i',
      statements: [
        {
          sid: 's',
          effect: 'Deny',
          principal: undefined,
          notPrincipal: { any: true, aws: ['a'], service: ['b'], federated: ['c'] },
          actions: undefined,
          notActions: ['d'],
          resources: undefined,
          notResources: ['e'],
          conditions: [
            {
              operator: {
                name: 'StringNotLike',
                family: 'string',
                comparison: 'like',
                negated: true,
                set: 'ForAnyValue',
                ifExists: true,
              },
              key: 'Key',
              values: ['v', '1.50', 'true'],
            },
          ],
        },
      ],
    })
  })

  it('without a version is of 2008-10-17', () => {
    const parsed = parsePolicy('{"Statement":[]}')
    assert.ok(!isPolicyProblem(parsed) && parsed.version === '2008-10-17' && !parsed.versionGiven)
  })

  it('names the condition keys that it reads, variables included', () => {
    const text = statement({
      Resource: 'arn:aws:s3:::${aws:username}',
      Condition: { StringLike: { 'kms:Alias': "x${aws:PrincipalTag/Team, 'y'}" }, Bool: { 'aws:Bool': '${no}' } },
    })
    assert.deepEqual([...compilePolicy(text).conditionKeys].sort(), [
      'aws:bool',
      'aws:principaltag/team',
      'aws:username',
      'kms:alias',
    ])
  })

  const deep = `{"Statement":${'['.repeat(20)}${']'.repeat(20)}}`
  const hostile: Readonly<Record<string, string>> = {
    'no JSON': 'Version',
    nothing: '',
    'an array': '[]',
    'a null': 'null',
    'a member twice': '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
    'a member twice by an escape': '{"Statement":[],"\\u0053tatement":[]}',
    'a condition key twice': '{"Statement":{"Effect":"Deny","Condition":{"Bool":{"a":"true","a":"false"}}}}',
    'text behind it': '{"Statement":[]} x',
    'a trailing comma': '{"Statement":[],}',
    'a comment': '{"Statement":[]/* */}',
    'a control character in a string': '{"Id":"\n","Statement":[]}',
    'a bad escape': '{"Id":"\\x41","Statement":[]}',
    'too deep a nesting': deep,
    'too much text': `{"Id":"${'x'.repeat(300_000)}","Statement":[]}`,
    'another version': '{"Version":"2020-01-01","Statement":[]}',
    'no statement': '{"Version":"2012-10-17"}',
    'an unknown element': statement({ Principals: '*' }),
    __proto__: '{"Statement":[],"__proto__":{}}',
    'an unknown principal type': statement({ Principal: { CanonicalUser: 'x' } }),
    'a principal as a string': statement({ Principal: 'arn:aws:iam::111122223333:root' }),
    'an effect in lower case': statement({ Effect: 'allow' }),
    'Action and NotAction': statement({ NotAction: 'kms:Decrypt' }),
    'Allow with NotPrincipal': statement({ NotPrincipal: '*' }),
    'an empty list of actions': statement({ Action: [] }),
    'an action that is a number': statement({ Action: 1 }),
    'an unknown operator': statement({ Condition: { StringMatches: { a: 'b' } } }),
    'Null with IfExists': statement({ Condition: { NullIfExists: { a: 'true' } } }),
    'a condition value that is null': statement({ Condition: { Bool: { a: null } } }),
    'a condition value that is an object': statement({ Condition: { Bool: { a: {} } } }),
    'a malformed variable': statement({ Condition: { StringLike: { a: '${aws:x' } } }),
    'an empty variable': statement({ Resource: 'arn:aws:s3:::${}' }),
  }
  for (const [name, text] of Object.entries(hostile)) {
    it(`with ${name} is a problem as a whole`, () => {
      assert.ok(isPolicyProblem(parsePolicy(text)))
      const policy = compilePolicy(text)
      assert.equal(typeof policy.problem, 'string')
      assert.equal(policy.document, undefined)
    })
  }

  it('that storms with wildcards costs no time', () => {
    const storm = `${'*a'.repeat(4000)}*b`
    const policy = {
      Effect: 'Allow',
      Principal: '*',
      Action: `kms:${'*?'.repeat(2000)}x`,
      Resource: `arn:aws:kms:*:*:${storm}`,
      Condition: { StringLike: { k: storm }, ArnLike: { l: `arn:*:*:*:*:${storm}` } },
    }
    const value = 'a'.repeat(8000)
    const context = contextOf({ k: value, l: `arn:a:b:c:d:${value}` })
    const begin = process.cpuUsage()
    for (const one of [policy, { ...policy, Action: '*', Resource: '*' }]) {
      assert.equal(evaluate(ask([one], { context })).allowed, false)
    }
    const { user, system } = process.cpuUsage(begin)
    assert.ok(user + system < 500_000, `${user + system} microseconds`)
  })
})
