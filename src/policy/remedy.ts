/**
 * What would have allowed a request that was denied: the fewest changes, each tried on the evaluator before it is named. A
 * remedy is no advice to make the change, only the truth about it.
 */
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import { evaluate } from './evaluate.ts'
import { principalOf } from './principals.ts'
import type { Decision, Layer, Question } from './question.ts'
import type { AttachedPolicy } from './subject.ts'
import { traceOf } from './trace.ts'
import { foldCase } from './fold.ts'

export type Change =
  | {
      readonly kind: 'add a statement'
      readonly layer: Layer
      /** The policy by its name; undefined: the resource's own, or a further policy of the caller. */
      readonly policy: string | undefined
      readonly statement: Readonly<Record<string, unknown>>
    }
  | {
      readonly kind: 'remove a statement'
      readonly layer: Layer
      readonly policy: string | undefined
      readonly index: number
      readonly sid: string | undefined
    }
  | { readonly kind: 'create a grant'; readonly grantee: string; readonly operation: string }
  | {
      readonly kind: 'meet a condition'
      readonly layer: Layer
      readonly policy: string | undefined
      readonly index: number
      readonly sid: string | undefined
      readonly operator: string
      readonly key: string
      readonly wanted: readonly string[]
    }

/** Changes that together would have allowed it. */
export type Remedy = readonly Change[]

interface Try {
  readonly change: Change
  readonly question: Question
}

const mostChanges = 4
const mostRemedies = 5
const mostTries = 2000

/** The smallest remedies for `question`, which is denied; empty when nothing allows it (an operation that never crosses accounts). */
export function remediesFor(question: Question): readonly Remedy[] {
  let open: readonly { readonly question: Question; readonly changes: Remedy }[] = [{ question, changes: [] }]
  let tries = 0
  for (let count = 0; count < mostChanges; count += 1) {
    const remedies: Remedy[] = []
    const next: { question: Question; changes: Remedy }[] = []
    for (const { question: asked, changes } of open) {
      const decision = evaluate(asked)
      if (decision.allowed) continue
      for (const attempt of changesAgainst(asked, decision)) {
        tries += 1
        if (tries > mostTries) return remedies
        const made = [...changes, attempt.change]
        if (evaluate(attempt.question).allowed) remedies.push(made)
        else next.push({ question: attempt.question, changes: made })
      }
    }
    if (remedies.length > 0) return remedies.slice(0, mostRemedies)
    open = next
  }
  return []
}

/** Single changes against what denies `question`. */
function changesAgainst(question: Question, denial: Extract<Decision, { readonly allowed: false }>): readonly Try[] {
  switch (denial.because) {
    case 'local only':
      return []
    case 'error':
      return []
    case 'explicit deny':
      return [...denyAvoided(question, denial), ...withoutDeny(question, denial)]
    case 'missing allow':
      return [
        ...conditionsMet(question),
        ...layersToWiden(question, denial.layer).flatMap((layer) => withAllow(question, layer)),
        ...withGrant(question),
      ]
  }
}

function withoutDeny(
  question: Question,
  { statement }: Extract<Decision, { readonly allowed: false }>,
): readonly Try[] {
  if (statement === undefined) return []
  const { layer, policy, policyName, index, sid } = statement
  const rest = without(policy, index)
  return [
    {
      change: { kind: 'remove a statement', layer, policy: policyName, index, sid },
      question: replaced(question, policy, rest),
    },
  ]
}

/** The layers where an Allow may be missing: a grant that there is may want one of the caller's own. */
function layersToWiden({ grants = [], grantUse }: Question, missing: Layer): readonly Layer[] {
  if (grantUse === undefined || !grants.some(({ operations }) => operations.includes(grantUse.operation))) {
    return [missing]
  }
  return [...new Set<Layer>([missing, 'identity policy', 'permissions boundary', 'session policy'])]
}

const negatedEquals = /^(?:ForAllValues:)?(?:String|Arn|Numeric|Date)NotEquals(?:IgnoreCase)?(?:IfExists)?$/

/** Requests that the denying statement would not mean. */
function denyAvoided(
  question: Question,
  { statement }: Extract<Decision, { readonly allowed: false }>,
): readonly Try[] {
  if (statement === undefined) return []
  const { layer, policy, policyName, index, sid } = statement
  const blocks = policy.document?.statements[index]?.conditions ?? []
  return blocks.flatMap(({ operator: { name, set, ifExists }, key, values }): Try[] => {
    const operator = `${set === undefined ? '' : `${set}:`}${name}${ifExists ? 'IfExists' : ''}`
    const wanted = negatedEquals.test(operator)
      ? values
      : name === 'Bool' && values.length === 1
        ? [values[0]?.toLowerCase() === 'true' ? 'false' : 'true']
        : []
    const [value] = wanted
    if (value === undefined) return []
    return [
      {
        change: { kind: 'meet a condition', layer, policy: policyName, index, sid, operator, key, wanted },
        question: withValue(question, key, value),
      },
    ]
  })
}

/** `question` with `value` as the value of the condition key `key`. */
function withValue(question: Question, key: string, value: string): Question {
  const asked = foldCase(key)
  return { ...question, context: { value: (each) => (each === asked ? value : question.context.value(each)) } }
}

/** The policy without one statement, the numbers of the others unchanged. */
function without(policy: CompiledPolicy, index: number): CompiledPolicy {
  return { ...policy, statements: policy.statements.filter((each) => each.index !== index), byAction: new Map() }
}

function withAllow(question: Question, layer: Layer): readonly Try[] {
  const { action, resource } = question
  const own = { Effect: 'Allow', Action: action, Resource: resource.arn === '*' ? '*' : resource.arn }
  const add = (policy: string | undefined, statement: Readonly<Record<string, unknown>>, changed: Question): Try => ({
    change: { kind: 'add a statement', layer, policy, statement },
    question: changed,
  })
  const { subject } = question
  switch (layer) {
    case 'identity policy': {
      const attached = { name: 'added', policy: policyOf(own) }
      const identity = [...subject.identity, attached]
      return [add(undefined, own, { ...question, subject: { ...subject, identity } }), ...ownPolicyWidened(question)]
    }
    case 'permissions boundary':
    case 'session policy':
    case 'service control policy':
    case 'endpoint policy':
      return limitsWidened(question, layer, own)
    case 'key policy':
    case 'trust policy':
      return ownPolicyWidened(question)
    case 'resource control policy':
      return []
  }
}

const members = { aws: 'AWS', service: 'Service', federated: 'Federated' } as const

/** An Allow for the caller, by name, in the resource's own policy. */
function ownPolicyWidened(question: Question): readonly Try[] {
  const { resource, subject, action } = question
  const { policy, policyLayer: layer } = resource
  if (policy === undefined) return []
  const { under, names } = principalOf(subject, layer === 'trust policy')
  const name = under === 'federated' ? names.direct.find((each) => each.includes('-provider/')) : names.direct[0]
  if (name === undefined) return []
  const statement: Record<string, unknown> = { Effect: 'Allow', Principal: { [members[under]]: name }, Action: action }
  if (layer === 'key policy') statement['Resource'] = '*'
  const wider = joined(policy, policyOf(statement))
  return [
    {
      change: { kind: 'add a statement', layer, policy: undefined, statement },
      question: { ...question, resource: { ...resource, policy: wider } },
    },
  ]
}

/** One more Allow in the policies of a layer that only limits: in each level of it that has none. */
function limitsWidened(question: Question, layer: Layer, statement: Readonly<Record<string, unknown>>): readonly Try[] {
  const { subject } = question
  const own = layer === 'endpoint policy' ? { ...statement, Principal: '*' } : statement
  const addition = policyOf(own)
  const widen = ({ name, policy }: AttachedPolicy): AttachedPolicy => ({ name, policy: joined(policy, addition) })
  const change = (name: string): Change => ({ kind: 'add a statement', layer, policy: name, statement: own })
  if (layer === 'permissions boundary' && subject.boundary !== undefined) {
    const boundary = widen(subject.boundary)
    return [{ change: change(boundary.name), question: { ...question, subject: { ...subject, boundary } } }]
  }
  if (layer === 'endpoint policy' && question.endpoint !== undefined) {
    return [{ change: change(question.endpoint.name), question: { ...question, endpoint: widen(question.endpoint) } }]
  }
  const [first, ...others] = subject.session ?? []
  if (layer === 'session policy' && first === undefined) {
    // None were passed, which for federated users is the same as an empty one.
    const session = [{ name: 'added', policy: addition }]
    const passed: Change = { kind: 'add a statement', layer, policy: undefined, statement: own }
    return [{ change: passed, question: { ...question, subject: { ...subject, session } } }]
  }
  if (layer === 'session policy' && first !== undefined) {
    const session = [widen(first), ...others]
    return [{ change: change(first.name), question: { ...question, subject: { ...subject, session } } }]
  }
  if (layer !== 'service control policy') return []
  return subject.serviceControl.flatMap((level, at): Try[] => {
    const [head, ...tail] = level
    if (head === undefined) return []
    const serviceControl = subject.serviceControl.with(at, [widen(head), ...tail])
    return [{ change: change(head.name), question: { ...question, subject: { ...subject, serviceControl } } }]
  })
}

function withGrant(question: Question): readonly Try[] {
  const { grantUse, subject } = question
  const [grantee] = subject.kind === 'root' ? subject.names.account : subject.names.direct
  if (grantUse === undefined || grantee === undefined || grantUse.child !== undefined) return []
  const { operation } = grantUse
  const grant = {
    grantId: 'added',
    grantee,
    operations: [operation],
    constraints: { encryptionContextEquals: undefined, encryptionContextSubset: undefined, sourceArn: undefined },
  }
  return [
    {
      change: { kind: 'create a grant', grantee, operation },
      question: { ...question, grants: [...(question.grants ?? []), grant] },
    },
  ]
}

/** Statements that would allow but for one condition. */
function conditionsMet(question: Question): readonly Try[] {
  return traceOf(question).policies.flatMap(({ layer, name, statements }) =>
    statements.flatMap(({ index, sid, effect, principal, action, resource, conditions }): Try[] => {
      const failed = conditions.filter(({ satisfied }) => !satisfied)
      const [only] = failed
      if (effect === 'Deny' || principal === 'no match' || !action || !resource) return []
      if (only === undefined || failed.length > 1) return []
      const { operator, key, wanted } = only
      const [value] = wanted
      // What else would satisfy it can't be told: a pattern, a range or a negation has no one value.
      if (
        value === undefined ||
        !/^(?:ForAnyValue:)?(?:StringEquals|Bool|ArnEquals|NumericEquals|DateEquals)(?:IfExists)?$/.test(operator)
      )
        return []
      return [
        {
          change: { kind: 'meet a condition', layer, policy: name, index, sid, operator, key, wanted },
          question: withValue(question, key, value),
        },
      ]
    }),
  )
}

function policyOf(statement: Readonly<Record<string, unknown>>): CompiledPolicy {
  return compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
}

/** `policy` and the statements of `addition` behind its own. */
function joined(policy: CompiledPolicy, addition: CompiledPolicy): CompiledPolicy {
  const offset = policy.statements.length
  return {
    ...policy,
    statements: [
      ...policy.statements,
      ...addition.statements.map((statement) => ({ ...statement, index: offset + statement.index })),
    ],
    byAction: new Map(),
  }
}

/** `question` with `to` wherever `from` stands. */
function replaced(question: Question, from: CompiledPolicy, to: CompiledPolicy): Question {
  const one = (attached: AttachedPolicy): AttachedPolicy =>
    attached.policy === from ? { name: attached.name, policy: to } : attached
  const { subject, resource, endpoint } = question
  return {
    ...question,
    subject: {
      ...subject,
      identity: subject.identity.map(one),
      boundary: subject.boundary === undefined ? undefined : one(subject.boundary),
      session: subject.session?.map(one),
      serviceControl: subject.serviceControl.map((level) => level.map(one)),
    },
    resource: {
      ...resource,
      policy: resource.policy === from ? to : resource.policy,
      resourceControl: resource.resourceControl.map((level) => level.map(one)),
    },
    endpoint: endpoint === undefined ? undefined : one(endpoint),
  }
}
