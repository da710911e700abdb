/**
 * A second opinion on every decision, for tests: written from the rules alone ("Policy evaluation logic", IAM User Guide;
 * "Key policies in AWS KMS" and "Grants in AWS KMS", KMS Developer Guide), reading the texts anew each time. It shares no code
 * with the evaluator it judges, only the form of the question.
 */
import type { CompiledPolicy } from '#policy/compile.ts'
import type { Grant, GrantConstraints } from '#policy/grant.ts'
import type { GrantUse, Layer, Question } from '#policy/question.ts'
import { policyOf, type Policy } from './document.ts'
import { levelOf, type Elements, type Level } from './statement.ts'

export interface Verdict {
  readonly allowed: boolean
  /** The layers with a statement that denies explicitly. */
  readonly denials: ReadonlySet<Layer>
  /** What decided, in a word. */
  readonly why: string
}

interface Source {
  readonly layer: Layer
  readonly policy: Policy
}

/** The answer to `question`. */
export function naively(question: Question): Verdict {
  try {
    return decide(question)
  } catch (error) {
    return { allowed: false, denials: new Set(), why: `error: ${String(error)}` }
  }
}

function decide(question: Question): Verdict {
  const { subject, resource } = question
  const denials = new Set<Layer>()
  const answer = (allowed: boolean, why: string): Verdict => ({ allowed, denials, why })
  for (const source of sources(question)) {
    if (levels('Deny', source, question).length > 0) denials.add(source.layer)
  }
  const { kind, names } = subject
  // A service principal belongs to no account, so that no account is its own.
  const foreign = subject.account !== resource.account
  if (foreign && !question.crossAccount) return answer(false, 'local only')
  if (denials.size > 0) return answer(false, 'explicit deny')
  if (names.direct.length === 0) return answer(false, 'nobody')

  const has = (layer: Layer, policies: readonly CompiledPolicy[]): boolean =>
    policies.some(({ text }) => levels('Allow', { layer, policy: policyOf(text) }, question).length > 0)
  const attached = (layer: Layer, policies: readonly { readonly policy: CompiledPolicy }[]): boolean =>
    has(
      layer,
      policies.map(({ policy }) => policy),
    )
  if (!subject.serviceControl.every((level) => attached('service control policy', level))) return answer(false, 'scp')
  if (question.endpoint !== undefined && !attached('endpoint policy', [question.endpoint])) {
    return answer(false, 'endpoint')
  }
  const limits =
    (subject.boundary === undefined || attached('permissions boundary', [subject.boundary])) &&
    (subject.session === undefined || attached('session policy', subject.session))
  const idOk = kind === 'root' || (kind !== 'service' && limits && attached('identity policy', subject.identity))
  const suffices = (level: Level): boolean => level === 'direct' || (level === 'entity' ? limits : idOk)

  for (const grant of question.grants ?? []) {
    const level = granteeLevel(grant, question)
    if (level !== undefined && grantCovers(grant, question) && suffices(level)) return answer(true, 'grant')
  }
  if (resource.policy === undefined) return answer(idOk && !foreign, 'identity alone')
  const policy = policyOf(resource.policy.text)
  const given = levels('Allow', { layer: resource.policyLayer, policy }, question)
  if (kind === 'service') return answer(given.includes('direct'), 'service')
  if (foreign) return answer(given.length > 0 && idOk, 'cross account')
  return answer(given.some(suffices), 'same account')
}

/** Every policy that has a say. */
function sources({ subject, resource, endpoint, action }: Question): Source[] {
  const from = (layer: Layer, policies: readonly { readonly policy: CompiledPolicy }[]): Source[] =>
    policies.map(({ policy: { text } }) => ({ layer, policy: policyOf(text) }))
  const ruled = !resource.awsManaged && action.toLowerCase() !== 'kms:retiregrant'
  return [
    ...(resource.policy === undefined ? [] : from(resource.policyLayer, [{ policy: resource.policy }])),
    ...from('identity policy', subject.identity),
    ...from('permissions boundary', subject.boundary === undefined ? [] : [subject.boundary]),
    ...from('session policy', subject.session ?? []),
    ...from('service control policy', subject.serviceControl.flat()),
    ...from('resource control policy', ruled ? resource.resourceControl.flat() : []),
    ...from('endpoint policy', endpoint === undefined ? [] : [endpoint]),
  ]
}

function elementsOf(layer: Layer): Elements {
  const principal = /^(?:key|trust|resource control|endpoint) policy$/.test(layer)
  return { principal, resource: layer !== 'trust policy' }
}

/** The levels at which the statements with `effect` speak of `question`. */
function levels(effect: string, { layer, policy }: Source, question: Question): readonly Level[] {
  return policy.statements
    .filter((statement) => statement['Effect'] === effect)
    .map((statement) => levelOf(statement, policy.variables, question, elementsOf(layer)))
    .filter((level) => level !== undefined)
}

function granteeLevel({ grantee }: Grant, { subject: { names, kind } }: Question): Level | undefined {
  if (names.direct.includes(grantee)) return 'direct'
  if (names.entity.includes(grantee)) return 'entity'
  if (!names.account.includes(grantee)) return undefined
  return kind === 'root' ? 'direct' : 'account'
}

function grantCovers({ operations, constraints }: Grant, { grantUse: use, context }: Question): boolean {
  if (use === undefined || !operations.includes(use.operation)) return false
  if (use.operation === 'RetireGrant') return true
  // "Effectively the same as having the aws:SourceArn global condition key in the grant" (CreateGrant).
  if (constraints.sourceArn !== undefined && context.value('aws:sourcearn') !== constraints.sourceArn) return false
  if (use.operation === 'CreateGrant') return childCovered(operations, constraints, use)
  return use.operation === 'DescribeKey' || contextCovered(constraints, use.encryptionContext)
}

type Pairs = ReadonlyMap<string, string>
const within = (part: Pairs, whole: Pairs): boolean => [...part].every(([key, value]) => whole.get(key) === value)
const equal = (one: Pairs, other: Pairs): boolean => one.size === other.size && within(one, other)

function contextCovered(constraints: GrantConstraints, given: Pairs | undefined): boolean {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = constraints
  if (equals !== undefined && (given === undefined || !equal(equals, given))) return false
  return subset === undefined || (given !== undefined && within(subset, given))
}

/** A grant made under a grant gives no more operations and is no less strict. */
function childCovered(operations: readonly string[], parent: GrantConstraints, { child }: GrantUse): boolean {
  if (child === undefined || !child.operations.every((name) => operations.includes(name))) return false
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = child.constraints
  if (parent.sourceArn !== undefined && parent.sourceArn !== sourceArn) return false
  const { encryptionContextEquals: parentEquals, encryptionContextSubset: parentSubset } = parent
  if (parentEquals !== undefined && (equals === undefined || !equal(parentEquals, equals))) return false
  if (parentSubset === undefined) return true
  return [equals, subset].some((pairs) => pairs !== undefined && within(parentSubset, pairs))
}
