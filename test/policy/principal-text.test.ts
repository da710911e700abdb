import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { principalsIn, replacePrincipals } from '#policy/principal-text.ts'

const role = 'arn:aws:iam::111122223333:role/Admin'
const roleId = 'AROAEXAMPLE0000000001'
const byId = (given: string): string | undefined => (given === role ? roleId : undefined)

describe('principals in a policy text', () => {
  it('finds single strings, arrays and a lone star, with their kinds', () => {
    const text = JSON.stringify({
      Statement: [
        { Principal: '*' },
        { Principal: { AWS: role, Service: ['a.amazonaws.com', 'b.amazonaws.com'] } },
        { NotPrincipal: { AWS: [role, '111122223333'], Federated: 'arn:aws:iam::111122223333:oidc-provider/x' } },
      ],
    })
    assert.deepEqual(principalsIn(text), [
      { kind: 'AWS', given: '*' },
      { kind: 'AWS', given: 'arn:aws:iam::111122223333:role/Admin' },
      { kind: 'Service', given: 'a.amazonaws.com' },
      { kind: 'Service', given: 'b.amazonaws.com' },
      { kind: 'AWS', given: 'arn:aws:iam::111122223333:role/Admin' },
      { kind: 'AWS', given: '111122223333' },
      { kind: 'Federated', given: 'arn:aws:iam::111122223333:oidc-provider/x' },
    ])
  })

  it('finds them in a statement that is no array', () => {
    assert.deepEqual(principalsIn('{"Statement":{"Principal":{"AWS":"x"}}}'), [{ kind: 'AWS', given: 'x' }])
  })

  it('resolves escapes, in member names too', () => {
    const text = '{"\\u0053tatement":[{"Pr\\u0069ncipal":{"\\u0041WS":"a\\/b\\u0022\\\\"}}]}'
    assert.deepEqual(principalsIn(text), [{ kind: 'AWS', given: 'a/b"\\' }])
  })

  it('finds nobody elsewhere in the document', () => {
    const texts = [
      '{"Principal":{"AWS":"x"}}',
      '{"Id":"\\"Statement\\":[{\\"Principal\\":\\"x\\"}]","Statement":[{"Sid":"\\"Principal\\":\\"x\\""}]}',
      '{"Statement":[{"Condition":{"Principal":{"AWS":"x"}}}]}',
      '{"Statement":[{"principal":{"AWS":"x"}},{"Principal":{"aws":"x"}},{"Principal":["x"]}]}',
      '{"Statement":[{"Principal":{"AWS":{"AWS":"x"}}},{"Principal":{"AWS":[["x"],7,null]}}]}',
      '[{"Statement":[{"Principal":"x"}]}]',
      '"Statement"',
      '{"Statement":[]}',
      '{}',
    ]
    for (const text of texts) assert.deepEqual(principalsIn(text), [], text)
  })

  it('finds nobody in what is no JSON', () => {
    for (const text of ['', '{"Statement":[{"Principal":"x"}', '{"Statement":[{"Principal":"x}]}', "{'Statement':1}"]) {
      assert.deepEqual(principalsIn(text), [], text)
      assert.equal(
        replacePrincipals(text, () => 'y'),
        text,
      )
    }
  })
})

describe('principals replaced in a policy text', () => {
  it('leaves every other byte as it was', () => {
    const before = `\t{ "Id" : "${role}",\r\n "Statement":[ {"Sid":"\\u00e9 ${role}","Principal" : { "AWS"\n:\t"`
    const after = `" } , "Resource":"${role}","Condition":{"ArnEquals":{"aws:PrincipalArn":"${role}"}},"N":1.50e1 }]} \n`
    assert.equal(replacePrincipals(before + role + after, byId), before + roleId + after)
  })

  it('replaces each of several, wherever it stands', () => {
    const text = `{"Statement":[{"Principal":{"AWS":["${role}","*","${role}"]}},{"NotPrincipal":{"AWS":"${role}"}}]}`
    const stored = `{"Statement":[{"Principal":{"AWS":["${roleId}","*","${roleId}"]}},{"NotPrincipal":{"AWS":"${roleId}"}}]}`
    assert.equal(replacePrincipals(text, byId), stored)
    assert.equal(
      replacePrincipals(stored, (id) => (id === roleId ? role : undefined)),
      text,
    )
  })

  it('knows a principal whatever way it is escaped', () => {
    const text = '{"Statement":[{"Principal":{"AWS":"arn:aws:iam::111122223333:role\\/\\u0041dmin"}}]}'
    assert.equal(replacePrincipals(text, byId), `{"Statement":[{"Principal":{"AWS":"${roleId}"}}]}`)
  })

  it('writes names with quotes and backslashes as JSON', () => {
    const text = '{"Statement":[{"Principal":"x"}]}'
    assert.equal(
      replacePrincipals(text, () => 'a"\\b'),
      '{"Statement":[{"Principal":"a\\"\\\\b"}]}',
    )
  })

  it('asks only for principals of kind AWS', () => {
    const text = `{"Statement":[{"Principal":{"Service":"${role}","Federated":"${role}","CanonicalUser":"${role}"}}]}`
    assert.equal(replacePrincipals(text, byId), text)
  })

  it('takes time in proportion to the text', () => {
    const many = `{"Statement":[{"Principal":{"AWS":[${Array.from({ length: 100_000 }, () => `"${role}"`).join()}]}}]}`
    assert.equal(principalsIn(many).length, 100_000)
    assert.equal(replacePrincipals(many, byId).includes(role), false)
    const deep = `{"Statement":[{"Principal":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`
    assert.deepEqual(principalsIn(deep), [])
    const backslashes = `{"Statement":[{"Principal":{"AWS":"${'\\\\'.repeat(500_000)}"}}]}`
    assert.equal(principalsIn(backslashes)[0]?.given.length, 500_000)
  })
})
