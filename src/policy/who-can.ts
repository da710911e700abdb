/**
 * Could this principal do it, whatever the request will be like? Conditions on what only the request brings are taken once
 * as they suit the principal and once as they don't: allowed both times is yes, never is no, and between the two lies
 * yes-if, with the ways to be
 * allowed, each with no more conditions than it needs. That two conditions contradict each other is not noticed.
 */
import { takesVariables } from './condition/operator.ts'
import type { ActionStatements, CompiledPolicy } from './compile.ts'
import type { ConditionBlock, Statement } from './document.ts'
import { evaluate } from './evaluate.ts'
import type { Grant } from './grant.ts'
import type { Decision, Layer, Question, StatementRef } from './question.ts'
import type { CompiledStatement } from './statement.ts'
import type { AttachedPolicy } from './subject.ts'
import { isVariable, pieces } from './variables.ts'

/** A statement by its place. */
export interface StatementPlace {
  readonly layer: Layer
  readonly policy?: string
  /** Counted from zero. */
  readonly index: number
  readonly sid?: string
}

/** What allows. */
export interface Path {
  readonly by: Extract<Decision, { readonly allowed: true }>['by']
  /** The statements that were needed: the resource's own first. */
  readonly statements: readonly StatementPlace[]
  readonly grantId?: string
}

export interface ConditionText {
  /** e.g. `ForAnyValue:StringLikeIfExists` */
  readonly operator: string
  readonly key: string
  readonly wanted: readonly string[]
}

/** What everything hangs on. */
export type Proviso =
  | {
      /** Allow: all of `conditions` must hold. Deny: they must not all hold. */
      readonly kind: 'statement'
      readonly effect: 'Allow' | 'Deny'
      readonly statement: StatementPlace
      readonly conditions: readonly ConditionText[]
      /** Where they hang on the request too, by a policy variable. */
      readonly resources?: readonly string[]
    }
  | {
      readonly kind: 'grant'
      readonly grantId: string
      readonly encryptionContextEquals?: readonly (readonly [string, string])[]
      readonly encryptionContextSubset?: readonly (readonly [string, string])[]
      readonly sourceArn?: string
      /** A grant that is made by means of this one may not allow more. */
      readonly childOfGrant?: true
    }

/** One way to be allowed: all of `conditions` have to be met. */
export interface Way {
  readonly path: Path
  readonly conditions: readonly Proviso[]
}

export type Verdict =
  | { readonly answer: 'yes'; readonly path: Path }
  | { readonly answer: 'yes-if'; readonly ways: readonly Way[] }
  | {
      readonly answer: 'no'
      readonly because: Extract<Decision, { readonly allowed: false }>['because']
      readonly layer: Layer
      /** The statement that denies whatever the request is like. */
      readonly statement?: StatementPlace
    }

/** Something that nobody knows yet, and how it is taken at the moment. */
interface Open {
  readonly proviso: Proviso
  suits: boolean
}

/**
 * Answers `question`, whose grants are those that may name the caller. `isUnknown` says of a condition key (lower case) that
 * only a request has its value; of the others the question's context has it, or nobody ever does.
 */
export function whoCan(question: Question, isUnknown: (key: string) => boolean): Verdict {
  const open: Open[] = []
  const asked = withOpenings(question, isUnknown, open)
  const decide = (): Decision => evaluate({ ...asked.question, grants: asked.grants() })
  const best = decide()
  if (!best.allowed) {
    const { because, layer, statement } = best
    return { answer: 'no', because, layer, ...(statement === undefined ? {} : { statement: placeOf(statement) }) }
  }
  take(open, false)
  const worst = decide()
  if (worst.allowed) return { answer: 'yes', path: pathOf(worst) }
  const ways = new Map<string, Way>()
  const allowing = open.filter(({ proviso }) => proviso.kind === 'grant' || proviso.effect === 'Allow')
  for (const wanted of allowing.length === 0 ? [undefined] : allowing.slice(0, mostTried)) {
    const needed = fewest(open, wanted, decide)
    const decision = decide()
    if (!decision.allowed || (wanted !== undefined && !needed.includes(wanted))) continue
    const name = needed.map((each) => open.indexOf(each)).join(' ')
    ways.set(name, { path: pathOf(decision), conditions: needed.map(({ proviso }) => proviso) })
    if (ways.size >= mostWays) break
  }
  return { answer: 'yes-if', ways: [...ways.values()] }
}

// A principal with more ways than this to be allowed needs no longer list.
const mostWays = 10
const mostTried = 100

function take(open: readonly Open[], suits: boolean): void {
  for (const each of open) each.suits = suits
}

/** Those of `open` that must suit, `wanted` rather than others; they alone do when this returns. In the order of `open`. */
function fewest(open: readonly Open[], wanted: Open | undefined, decide: () => Decision): readonly Open[] {
  take(open, true)
  for (const each of [...open.filter((one) => one !== wanted), ...(wanted === undefined ? [] : [wanted])]) {
    each.suits = false
    if (!decide().allowed) each.suits = true
  }
  return open.filter(({ suits }) => suits)
}

function pathOf({
  by,
  resourceStatement,
  identityStatement,
  grant,
}: Extract<Decision, { readonly allowed: true }>): Path {
  const statements = [resourceStatement, identityStatement].filter((each) => each !== undefined).map(placeOf)
  return { by, statements, ...(grant === undefined ? {} : { grantId: grant.grantId }) }
}

function placeOf({ layer, policyName, index, sid }: Omit<StatementRef, 'policy'>): StatementPlace {
  return {
    layer,
    ...(policyName === undefined ? {} : { policy: policyName }),
    index,
    ...(sid === undefined ? {} : { sid }),
  }
}

interface Asked {
  readonly question: Question
  /** The grants as they are taken at the moment. */
  readonly grants: () => readonly Grant[]
}

function withOpenings(question: Question, isUnknown: (key: string) => boolean, open: Open[]): Asked {
  const { subject, resource, endpoint } = question
  const grants = openGrants(question, open)
  const own = (policy: CompiledPolicy, layer: Layer, name: string | undefined): CompiledPolicy =>
    openPolicy(policy, { question, isUnknown, open, layer, name })
  const attached =
    (layer: Layer) =>
    ({ name, policy }: AttachedPolicy): AttachedPolicy => ({ name, policy: own(policy, layer, name) })
  return {
    grants,
    question: {
      ...question,
      subject: {
        ...subject,
        identity: subject.identity.map(attached('identity policy')),
        boundary: subject.boundary && attached('permissions boundary')(subject.boundary),
        session: subject.session?.map(attached('session policy')),
        serviceControl: subject.serviceControl.map((level) => level.map(attached('service control policy'))),
      },
      resource: {
        ...resource,
        policy: resource.policy && own(resource.policy, resource.policyLayer, undefined),
        resourceControl: resource.resourceControl.map((level) => level.map(attached('resource control policy'))),
      },
      endpoint: endpoint && attached('endpoint policy')(endpoint),
    },
  }
}

interface Place {
  readonly question: Question
  readonly isUnknown: (key: string) => boolean
  readonly open: Open[]
  readonly layer: Layer
  readonly name: string | undefined
}

/** `policy` with its open statements taken as `open` says at the moment. */
function openPolicy(policy: CompiledPolicy, place: Place): CompiledPolicy {
  const { document } = policy
  if (document === undefined) return policy
  const variables = document.version !== '2008-10-17'
  const action = place.question.action.toLowerCase()
  const statements = policy.statements.map((statement): CompiledStatement => {
    const read = document.statements[statement.index]
    if (read === undefined || statement.actions?.(action) !== true) return statement
    return openStatement(statement, read, variables, place)
  })
  // What the index knows of the policy is of its statements as they were.
  const changed = statements.some((statement, at) => statement !== policy.statements[at])
  return changed ? { ...policy, statements, byAction: new Map<string, ActionStatements>() } : policy
}

function openStatement(
  statement: CompiledStatement,
  read: Statement,
  variables: boolean,
  { question, isUnknown, open, layer, name }: Place,
): CompiledStatement {
  const { index, sid, effect, conditions, resources } = statement
  const hangs = (text: string): boolean =>
    variables &&
    (pieces(text, { variables, wildcards: false }) ?? []).some((piece) => isVariable(piece) && isUnknown(piece.key))
  const isOpen = ({ operator, key, values }: ConditionBlock): boolean =>
    isUnknown(key.toLowerCase()) || (takesVariables(operator) && values.some(hangs))
  const openAt = read.conditions.map(isOpen)
  const listed = read.resources ?? read.notResources ?? []
  const openResources = resources !== undefined && !resources.everything && listed.some(hangs)
  if (!openResources && !openAt.includes(true)) return statement
  const known = conditions.filter((_, at) => openAt[at] !== true)
  // One that can't match either way is nothing to hope for or to fear.
  if (known.some((test) => !test(question.context))) return statement
  const opening: Open = {
    suits: true,
    proviso: {
      kind: 'statement',
      effect,
      statement: placeOf({ layer, policyName: name, index, sid }),
      conditions: read.conditions.filter((_, at) => openAt[at] === true).map(conditionText),
      ...(openResources ? { resources: listed } : {}),
    },
  }
  open.push(opening)
  const matches = (): boolean => opening.suits === (effect === 'Allow')
  return {
    ...statement,
    conditions: [...known, matches],
    resources: openResources ? { exact: undefined, prefix: '', everything: false, matches } : resources,
  }
}

function conditionText({ operator, key, values }: ConditionBlock): ConditionText {
  const set = operator.set === undefined ? '' : `${operator.set}:`
  return { operator: `${set}${operator.name}${operator.ifExists ? 'IfExists' : ''}`, key, wanted: values }
}

const unconstrained: Grant['constraints'] = {
  encryptionContextEquals: undefined,
  encryptionContextSubset: undefined,
  sourceArn: undefined,
}

function openGrants({ grants = [], grantUse }: Question, open: Open[]): () => readonly Grant[] {
  if (grantUse === undefined) return () => []
  const { operation } = grantUse
  const sources = grants
    .filter(({ operations }) => operations.includes(operation))
    .map((grant): (() => readonly Grant[]) => {
      const proviso = grantProviso(grant, operation)
      if (proviso === undefined) return () => [{ ...grant, constraints: unconstrained }]
      const opening: Open = { proviso, suits: true }
      open.push(opening)
      return () => (opening.suits ? [{ ...grant, constraints: unconstrained }] : [])
    })
  return () => sources.flatMap((source) => source())
}

/** What of the request a grant hangs on (grant-match.ts). */
function grantProviso({ grantId, constraints }: Grant, operation: string): Proviso | undefined {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = constraints
  const child = operation === 'CreateGrant'
  const withContext = operation !== 'DescribeKey'
  const proviso: Proviso = {
    kind: 'grant',
    grantId,
    ...(withContext && equals !== undefined ? { encryptionContextEquals: [...equals] } : {}),
    ...(withContext && subset !== undefined ? { encryptionContextSubset: [...subset] } : {}),
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(child ? { childOfGrant: true } : {}),
  }
  return Object.keys(proviso).length > 2 ? proviso : undefined
}
