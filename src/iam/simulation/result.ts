/** How the simulator shows a decision. */
import { contextKeys } from '#policy/context-keys.ts'
import { evaluate } from '#policy/evaluate.ts'
import { policiesIn } from '#policy/evidence.ts'
import type { Decision, Question, StatementRef } from '#policy/question.ts'
import { statementPlaces } from '#policy/statement-places.ts'
import { traceOf, type PolicyTrace } from '#policy/trace.ts'
import { policyIn } from '../entity/managed-policy.ts'

type EvalDecision = 'allowed' | 'explicitDeny' | 'implicitDeny'
type SourcePolicyType = 'user' | 'group' | 'role' | 'aws-managed' | 'user-managed' | 'resource' | 'none'

interface WirePosition {
  readonly Line: number
  readonly Column: number
}

interface MatchedStatement {
  readonly SourcePolicyId: string
  readonly SourcePolicyType: SourcePolicyType
  readonly StartPosition?: WirePosition
  readonly EndPosition?: WirePosition
}

interface Found {
  readonly MatchedStatements: readonly MatchedStatement[]
  readonly MissingContextValues: readonly string[]
  readonly PermissionsBoundaryDecisionDetail?: { readonly AllowedByPermissionsBoundary: boolean }
}

export interface EvaluationResult extends Found {
  readonly EvalActionName: string
  readonly EvalResourceName: string
  readonly EvalDecision: EvalDecision
  readonly OrganizationsDecisionDetail?: { readonly AllowedByOrganizations: boolean }
  readonly ResourceSpecificResults?: readonly (Found & {
    readonly EvalResourceName: string
    readonly EvalResourceDecision: EvalDecision
  })[]
}

/** The answer to `question`. `resourcePolicy` is its resource's policy as the request spells it. */
export function resultOf(question: Question, resourcePolicy: string | undefined): EvaluationResult {
  const { subject, action, resource } = question
  const decision = evaluate(question)
  const verdict = verdictOf(decision)
  const limited = subject.boundary !== undefined || subject.serviceControl.length > 0
  const traces = limited ? traceOf(question).policies : []
  const found: Found = {
    MatchedStatements: deciding(decision).map((statement) => matchedStatement(statement, resourcePolicy)),
    MissingContextValues: missingKeys(question),
    ...(subject.boundary === undefined
      ? {}
      : {
          PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: allows(traces, 'permissions boundary') },
        }),
  }
  return {
    EvalActionName: action,
    EvalResourceName: resource.arn,
    EvalDecision: verdict,
    ...found,
    ...(subject.serviceControl.length === 0
      ? {}
      : { OrganizationsDecisionDetail: { AllowedByOrganizations: allows(traces, 'service control policy') } }),
    ...(resource.arn === '*'
      ? {}
      : {
          ResourceSpecificResults: [{ EvalResourceName: resource.arn, EvalResourceDecision: verdict, ...found }],
        }),
  }
}

function verdictOf(decision: Decision): EvalDecision {
  if (decision.allowed) return 'allowed'
  return decision.because === 'explicit deny' ? 'explicitDeny' : 'implicitDeny'
}

function deciding(decision: Decision): readonly StatementRef[] {
  const statements = decision.allowed ? [decision.identityStatement, decision.resourceStatement] : [decision.statement]
  return statements.filter((statement) => statement !== undefined)
}

/** Whether each level of the layer has an Allow, and none of its policies denies. */
function allows(traces: readonly PolicyTrace[], wanted: PolicyTrace['layer']): boolean {
  const ofLayer = traces.filter(({ layer }) => layer === wanted)
  const levels = new Set(ofLayer.map(({ level }) => level))
  return (
    ofLayer.every(({ verdict }) => verdict === 'allows' || verdict === 'says nothing') &&
    [...levels].every((level) => ofLayer.some((policy) => policy.level === level && policy.verdict === 'allows'))
  )
}

function missingKeys(question: Question): readonly string[] {
  const asked = contextKeys(policiesIn(question).map(({ policy }) => policy))
  return [...asked].flatMap(([key, name]) => (question.context.value(key) === undefined ? [name] : []))
}

function matchedStatement(
  { policy, policyName, index }: StatementRef,
  resourcePolicy: string | undefined,
): MatchedStatement {
  const source = policyName === undefined ? resourceSource : sourceOf(policyName)
  const place = statementPlaces(policyName === undefined ? (resourcePolicy ?? policy.text) : policy.text)[index]
  if (place === undefined) return source
  const { start, end } = place
  return {
    ...source,
    StartPosition: { Line: start.line, Column: start.column },
    EndPosition: { Line: end.line, Column: end.column },
  }
}

const resourceSource = { SourcePolicyId: 'ResourcePolicy', SourcePolicyType: 'resource' } as const

const inline = /^inline policy (.+) of (user|group|role) (.+)$/

/** From the names that explanations use (policy/subject.ts). */
function sourceOf(name: string): Pick<MatchedStatement, 'SourcePolicyId' | 'SourcePolicyType'> {
  if (name.startsWith('arn:')) {
    const type = name.includes(':iam::aws:') ? 'aws-managed' : 'user-managed'
    return { SourcePolicyId: policyIn(name).name, SourcePolicyType: type }
  }
  const [, policy = '', kind, entity = ''] = inline.exec(name) ?? []
  if (kind === 'user' || kind === 'group' || kind === 'role') {
    return { SourcePolicyId: `${kind}_${entity}_${policy}`, SourcePolicyType: kind }
  }
  return { SourcePolicyId: name, SourcePolicyType: 'none' }
}
