/** Changes to random questions whose effect on the answer is known. */
import type { Dice } from '../faults/random.ts'
import { randomStatement, type CasePolicies, type PolicyJson, type RandomCase } from './random-policies.ts'

type Layer = keyof CasePolicies
type Change = (policy: PolicyJson, layer: Layer) => readonly PolicyJson[]

/** `given` with each of its policies replaced by what `change` makes of it. */
function changed(given: RandomCase, change: Change): RandomCase {
  const { policies } = given
  const list = (layer: Exclude<Layer, 'session'>, from: readonly PolicyJson[]): readonly PolicyJson[] =>
    from.flatMap((policy) => change(policy, layer))
  return {
    ...given,
    policies: {
      resource: list('resource', policies.resource),
      identity: list('identity', policies.identity),
      boundary: list('boundary', policies.boundary),
      session: policies.session?.flatMap((policy) => change(policy, 'session')),
      serviceControl: policies.serviceControl.map((level) => list('serviceControl', level)),
      resourceControl: policies.resourceControl.map((level) => list('resourceControl', level)),
      endpoint: list('endpoint', policies.endpoint),
    },
  }
}

/** One of the policies, at random, replaced by what `change` makes of it; undefined: there are none. */
function oneChanged(
  given: RandomCase,
  random: Dice,
  change: (policy: PolicyJson, layer: Layer) => PolicyJson,
): RandomCase | undefined {
  const { resource, identity, boundary, session = [], serviceControl, resourceControl, endpoint } = given.policies
  const count = [resource, identity, boundary, session, serviceControl.flat(), resourceControl.flat(), endpoint].flat()
  if (count.length === 0) return undefined
  let left = random.below(count.length)
  return changed(given, (policy, layer) => [left-- === 0 ? change(policy, layer) : policy])
}

/** With one more statement somewhere in one of the policies. */
export function withStatement(given: RandomCase, random: Dice, effect: 'Allow' | 'Deny'): RandomCase | undefined {
  return oneChanged(given, random, (policy, layer) => {
    const principal = layer === 'resource' || layer === 'resourceControl' || layer === 'endpoint'
    const resource = layer !== 'resource' || given.policyLayer !== 'trust policy'
    const statement = randomStatement(random, given.subject, { principal, resource, effect })
    const at = random.below(policy.Statement.length + 1)
    return { ...policy, Statement: policy.Statement.toSpliced(at, 0, statement) }
  })
}

/** With a policy that no one can read. */
export function withBrokenPolicy(given: RandomCase, random: Dice): RandomCase | undefined {
  const broken = [
    { Effect: 'Perhaps', Action: '*' },
    { Effect: 'Allow', Aktion: '*' },
    { Effect: 'Allow', Action: [] },
  ]
  return oneChanged(given, random, (policy) => ({
    ...policy,
    Statement: [...policy.Statement, random.pick(broken)],
  }))
}

/** With each identity policy of several statements in two. */
export function withSplitPolicies(given: RandomCase, random: Dice): RandomCase {
  return changed(given, (policy, layer) => {
    if (layer !== 'identity' || policy.Statement.length < 2) return [policy]
    const at = 1 + random.below(policy.Statement.length - 1)
    return [
      { ...policy, Statement: policy.Statement.slice(0, at) },
      { ...policy, Statement: policy.Statement.slice(at) },
    ]
  })
}

function shuffledList<T>(list: readonly T[], random: Dice): readonly T[] {
  const keyed = list.map((entry) => ({ entry, key: random.below(1_000_000) }))
  return keyed.toSorted((one, other) => one.key - other.key).map(({ entry }) => entry)
}

/** JSON with every list and every object in another order. */
function shuffledJson(json: unknown, random: Dice): unknown {
  if (Array.isArray(json)) {
    const entries: readonly unknown[] = json
    return shuffledList(
      entries.map((entry) => shuffledJson(entry, random)),
      random,
    )
  }
  return typeof json === 'object' && json !== null ? shuffledMembers(json, random) : json
}

function shuffledMembers(json: object, random: Dice): Readonly<Record<string, unknown>> {
  const entries: readonly [string, unknown][] = Object.entries(json)
  return Object.fromEntries(shuffledList(entries, random).map(([name, value]) => [name, shuffledJson(value, random)]))
}

/** With values, statements, policies, levels and grants in another order. */
export function withOtherOrder(given: RandomCase, random: Dice): RandomCase {
  const { policies, grants, ...others } = changed(given, (policy) => [
    {
      ...policy,
      Statement: shuffledList(policy.Statement, random).map((statement) => shuffledMembers(statement, random)),
    },
  ])
  return {
    ...others,
    grants: shuffledList(grants, random),
    policies: {
      ...policies,
      identity: shuffledList(policies.identity, random),
      session: policies.session === undefined ? undefined : shuffledList(policies.session, random),
      serviceControl: shuffledList(
        policies.serviceControl.map((level) => shuffledList(level, random)),
        random,
      ),
      resourceControl: policies.resourceControl.map((level) => shuffledList(level, random)),
    },
  }
}
