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

const mostChanges = 4
const mostRemedies = 5
const mostTries = 2000

/** The smallest remedies for `question`, which is denied; empty when nothing allows it (an operation that never crosses accounts). */
export function remediesFor(question: Question): readonly Remedy[] {
  let open: readonly { readonly question: Question; readonly changes: Remedy }[] = [{ question, changes: [] }]
  let tries = 0
  for (let count = 0; count < mostChanges; count += 1) {
    const remedies = new Map<string, Remedy>()
    const next: { question: Question; changes: Remedy }[] = []
    for (const { question: asked, changes } of open) {
      const decision = evaluate(asked)
      if (decision.allowed) continue
      for (const change of changesAgainst(asked, decision)) {
        tries += 1
        if (tries > mostTries) return [...remedies.values()]
        const then = made(asked, change)
        if (!evaluate(then).allowed) {
          next.push({ question: then, changes: [...changes, change] })
          continue
        }
        const remedy = withoutNeedless(question, [...changes, change])
        remedies.set(JSON.stringify(remedy), remedy)
      }
    }
    if (remedies.size > 0) return [...remedies.values()].slice(0, mostRemedies)
    open = next
  }
  return []
}

/** `remedy` without what the rest of it makes needless: the value that meets one condition may avoid another statement as well. */
function withoutNeedless(question: Question, remedy: Remedy): Remedy {
  for (const index of remedy.keys()) {
    const rest = remedy.toSpliced(index, 1)
    if (evaluate(rest.reduce(made, question)).allowed) return withoutNeedless(question, rest)
  }
  return remedy
}

/** Single changes against what denies `question`. */
function changesAgainst(question: Question, denial: Extract<Decision, { readonly allowed: false }>): readonly Change[] {
  switch (denial.because) {
    case 'local only':
      return []
    case 'error':
      return []
    case 'explicit deny':
      return [...denyAvoided(denial), ...withoutDeny(denial)]
    case 'missing allow':
      return [
        ...conditionsMet(question),
        ...layersToWiden(question, denial.layer).flatMap((layer) => withAllow(question, layer)),
        ...withGrant(question),
      ]
  }
}

function withoutDeny({ statement }: Extract<Decision, { readonly allowed: false }>): readonly Change[] {
  if (statement === undefined) return []
  const { layer, policyName: policy, index, sid } = statement
  return [{ kind: 'remove a statement', layer, policy, index, sid }]
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
function denyAvoided({ statement }: Extract<Decision, { readonly allowed: false }>): readonly Change[] {
  if (statement === undefined) return []
  const { layer, policy, policyName, index, sid } = statement
  const blocks = policy.document?.statements[index]?.conditions ?? []
  return blocks.flatMap(({ operator: { name, set, ifExists }, key, values }): Change[] => {
    const operator = `${set === undefined ? '' : `${set}:`}${name}${ifExists ? 'IfExists' : ''}`
    const wanted = negatedEquals.test(operator)
      ? values
      : name === 'Bool' && values.length === 1
        ? [values[0]?.toLowerCase() === 'true' ? 'false' : 'true']
        : []
    if (wanted.length === 0) return []
    return [{ kind: 'meet a condition', layer, policy: policyName, index, sid, operator, key, wanted }]
  })
}

function withAllow(question: Question, layer: Layer): readonly Change[] {
  const { action, resource, subject } = question
  const statement = { Effect: 'Allow', Action: action, Resource: resource.arn === '*' ? '*' : resource.arn }
  const added = (policy: string | undefined, more = {}): Change => ({
    kind: 'add a statement',
    layer,
    policy,
    statement: { ...statement, ...more },
  })
  switch (layer) {
    case 'identity policy':
      return [added(undefined), ...ownPolicyWidened(question)]
    case 'permissions boundary':
      return subject.boundary === undefined ? [] : [added(subject.boundary.name)]
    case 'endpoint policy':
      return question.endpoint === undefined ? [] : [added(question.endpoint.name, { Principal: '*' })]
    case 'session policy':
      // None were passed: for federated users that is the same as an empty one.
      return [added(subject.session?.[0]?.name)]
    case 'service control policy':
      return subject.serviceControl.flatMap(([first]) => (first === undefined ? [] : [added(first.name)]))
    case 'key policy':
    case 'trust policy':
      return ownPolicyWidened(question)
    case 'resource control policy':
      return []
  }
}

const members = { aws: 'AWS', service: 'Service', federated: 'Federated' } as const

/** An Allow for the caller, by name, in the resource's own policy. */
function ownPolicyWidened({ action, resource, subject }: Question): readonly Change[] {
  const { policy, policyLayer: layer } = resource
  if (policy === undefined) return []
  const { under, names } = principalOf(subject, layer === 'trust policy')
  const name = under === 'federated' ? names.direct.find((each) => each.includes('-provider/')) : names.direct[0]
  if (name === undefined) return []
  const statement: Record<string, unknown> = { Effect: 'Allow', Principal: { [members[under]]: name }, Action: action }
  if (layer === 'key policy') statement['Resource'] = '*'
  return [{ kind: 'add a statement', layer, policy: undefined, statement }]
}

function withGrant({ grantUse, subject }: Question): readonly Change[] {
  const [grantee] = subject.kind === 'root' ? subject.names.account : subject.names.direct
  if (grantUse === undefined || grantee === undefined || grantUse.child !== undefined) return []
  return [{ kind: 'create a grant', grantee, operation: grantUse.operation }]
}

/** Statements that would allow but for one condition. */
function conditionsMet(question: Question): readonly Change[] {
  return traceOf(question).policies.flatMap(({ layer, name, statements }) =>
    statements.flatMap(({ index, sid, effect, principal, action, resource, conditions }): Change[] => {
      const failed = conditions.filter(({ satisfied }) => !satisfied)
      const [only] = failed
      if (effect === 'Deny' || principal === 'no match' || !action || !resource) return []
      if (only === undefined || failed.length > 1) return []
      const { operator, key, wanted } = only
      // What else would satisfy it can't be told: a pattern, a range or a negation has no one value.
      if (
        wanted.length === 0 ||
        !/^(?:ForAnyValue:)?(?:StringEquals|Bool|ArnEquals|NumericEquals|DateEquals)(?:IfExists)?$/.test(operator)
      )
        return []
      return [{ kind: 'meet a condition', layer, policy: name, index, sid, operator, key, wanted }]
    }),
  )
}

/** `question` after `change`. */
function made(question: Question, change: Change): Question {
  switch (change.kind) {
    case 'add a statement': {
      const { layer, policy: name } = change
      const addition = policyOf(change.statement)
      const { subject } = question
      const attached = { name: 'added', policy: addition }
      if (name === undefined && layer === 'identity policy') {
        return { ...question, subject: { ...subject, identity: [...subject.identity, attached] } }
      }
      if (name === undefined && layer === 'session policy') {
        return { ...question, subject: { ...subject, session: [...(subject.session ?? []), attached] } }
      }
      return rewritten(question, layer, name, (policy) => joined(policy, addition))
    }
    case 'remove a statement':
      return rewritten(question, change.layer, change.policy, (policy) => without(policy, change.index))
    case 'create a grant': {
      const { grantee, operation } = change
      const constraints = {
        encryptionContextEquals: undefined,
        encryptionContextSubset: undefined,
        sourceArn: undefined,
      }
      const grant = { grantId: 'added', grantee, operations: [operation], constraints }
      return { ...question, grants: [...(question.grants ?? []), grant] }
    }
    case 'meet a condition': {
      const [asked, value] = [foldCase(change.key), change.wanted[0]]
      return { ...question, context: { value: (each) => (each === asked ? value : question.context.value(each)) } }
    }
  }
}

function policyOf(statement: Readonly<Record<string, unknown>>): CompiledPolicy {
  return compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
}

/** The policy without one statement, the numbers of the others unchanged. */
function without(policy: CompiledPolicy, index: number): CompiledPolicy {
  return { ...policy, statements: policy.statements.filter((each) => each.index !== index), byAction: new Map() }
}

/** `policy` and the statements of `addition` behind its own. */
function joined(policy: CompiledPolicy, addition: CompiledPolicy): CompiledPolicy {
  const offset = 1 + Math.max(-1, ...policy.statements.map(({ index }) => index))
  const behind = addition.statements.map((statement) => ({ ...statement, index: offset + statement.index }))
  return { ...policy, statements: [...policy.statements, ...behind], byAction: new Map() }
}

/** `question` with the policies of `layer` that are named `name` changed; the resource's own has no name. */
function rewritten(
  question: Question,
  layer: Layer,
  name: string | undefined,
  change: (policy: CompiledPolicy) => CompiledPolicy,
): Question {
  const { subject, resource, endpoint } = question
  const one = (attached: AttachedPolicy): AttachedPolicy =>
    attached.name === name ? { name, policy: change(attached.policy) } : attached
  switch (layer) {
    case 'key policy':
    case 'trust policy':
      return { ...question, resource: { ...resource, policy: resource.policy && change(resource.policy) } }
    case 'identity policy':
      return { ...question, subject: { ...subject, identity: subject.identity.map(one) } }
    case 'permissions boundary':
      return { ...question, subject: { ...subject, boundary: subject.boundary && one(subject.boundary) } }
    case 'session policy':
      return { ...question, subject: { ...subject, session: subject.session?.map(one) } }
    case 'service control policy':
      return {
        ...question,
        subject: { ...subject, serviceControl: subject.serviceControl.map((level) => level.map(one)) },
      }
    case 'resource control policy':
      return {
        ...question,
        resource: { ...resource, resourceControl: resource.resourceControl.map((level) => level.map(one)) },
      }
    case 'endpoint policy':
      return { ...question, endpoint: endpoint && one(endpoint) }
  }
}
