/**
 * The scan for principals and the parser of policies read the same texts in different ways. Where they disagreed, a principal
 * could be stored that nobody looked up: so random policies, in every way JSON can spell them, are read by both.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isPolicyProblem, parsePolicy, type PrincipalElement } from '#policy/document.ts'
import { principalsIn, replacePrincipals } from '#policy/principal-text.ts'
import { dice, type Dice } from '../faults/random.ts'

const names = ['*', 'a', 'b"\\', 'é/ü', 'Principal', '{"AWS":"x"}', '],}', 'AIDAEXAMPLE0000000001', '\u0000\ud800', '']

/** `value` as JSON with random white space, escapes and order. */
function spelled(value: unknown, random: Dice): string {
  const space = (): string => random.pick(['', '', ' ', '\n\t', '\r\n  '])
  if (typeof value === 'string') return space() + spelledString(value, random) + space()
  if (Array.isArray(value)) {
    const entries = value.map((entry) => spelled(entry, random))
    return `${space()}[${entries.join()}${entries.length === 0 ? space() : ''}]${space()}`
  }
  const members = Object.entries(value as object).map(
    ([name, member]) => `${space()}${spelledString(name, random)}${space()}:${spelled(member, random)}`,
  )
  return `${space()}{${(random.chance(0.5) ? members : members.reverse()).join()}}${space()}`
}

function spelledString(text: string, random: Dice): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  const units = Array.from({ length: text.length }, (_, at) => text.charAt(at))
  const inner = units.map((unit) => {
    if (random.below(8) === 0) return escape(unit)
    if (unit === '/' && random.below(2) === 0) return '\\/'
    return unit < ' ' || (unit >= '\ud800' && unit <= '\udfff') ? escape(unit) : JSON.stringify(unit).slice(1, -1)
  })
  return `"${inner.join('')}"`
}

function element(random: Dice): unknown {
  if (random.below(6) === 0) return '*'
  const one = (): string => random.pick(names)
  const several = (): unknown => (random.below(2) === 0 ? one() : Array.from({ length: random.below(4) }, () => one()))
  const kinds = ['AWS', 'Service', 'Federated'].filter(() => random.below(3) > 0)
  return Object.fromEntries(kinds.map((kind) => [kind, several()]))
}

function statement(random: Dice): unknown {
  const decoy = random.pick(names)
  const principal = random.below(2) === 0 ? { Principal: element(random) } : { NotPrincipal: element(random) }
  return {
    Sid: `"Principal":{"AWS":"${decoy}"}`,
    Effect: 'Deny',
    Action: [decoy, 'kms:*'],
    Resource: '*',
    Condition: { StringEquals: { Principal: decoy, 'aws:PrincipalArn': [decoy] } },
    ...(random.below(5) === 0 ? {} : principal),
  }
}

const awsOf = ({ any, aws }: PrincipalElement): readonly string[] => [...(any ? ['*'] : []), ...aws]

it('principals are the same to the scan and to the parser, before and after they were replaced', () => {
  const random = dice()
  const { seed } = random
  for (let round = 0; round < 500; round++) {
    const statements = Array.from({ length: 1 + random.below(3) }, () => statement(random))
    const lone = statements.length === 1 && random.below(2) === 0
    const document = { Version: '2008-10-17', Id: 'Statement', Statement: lone ? statements[0] : statements }
    const text = spelled(document, random)
    const parsed = parsePolicy(text)
    assert.ok(!isPolicyProblem(parsed), `seed ${seed}, round ${round}: ${text}`)
    const elements = parsed.statements.flatMap(({ principal, notPrincipal }) => principal ?? notPrincipal ?? [])
    const scanned = (kind: string, of: string): string[] =>
      [...new Set(principalsIn(of).flatMap((one) => (one.kind === kind ? [one.given] : [])))].sort()
    const expected = (pick: (of: PrincipalElement) => readonly string[]): string[] =>
      [...new Set(elements.flatMap(pick))].sort()
    const message = `seed ${seed}, round ${round}: ${text}`
    assert.deepEqual(scanned('AWS', text), expected(awsOf), message)
    assert.deepEqual(
      scanned('Service', text),
      expected(({ service }) => service),
      message,
    )
    assert.deepEqual(
      scanned('Federated', text),
      expected(({ federated }) => federated),
      message,
    )
    const renamed = (given: string): string => `id of ${given}`
    const replaced = replacePrincipals(text, renamed)
    assert.deepEqual(scanned('AWS', replaced), expected(awsOf).map(renamed).sort(), message)
    const back = parsePolicy(replacePrincipals(replaced, (given) => given.slice('id of '.length)))
    assert.deepEqual(back, parsed, message)
  }
})
