/**
 * What a record keeps of a decision, so that it can be explained as it was made then, whatever becomes of the policies: their
 * texts are kept under their hashes for as long as the trail, and what conditions asked for stands here. An allowance names
 * what allowed; a denial keeps all that is needed to ask the question again.
 */
import { parseAccountId } from '#base/brand.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import type { Grant, GrantConstraints } from './grant.ts'
import type { Decision, Layer, Question, StatementRef } from './question.ts'
import type { AttachedPolicy, Subject } from './subject.ts'

/** The hash by which the text of a policy is kept: SHA-256, hex. */
export type HashOf = (policy: CompiledPolicy) => string

/** A statement as records name it. */
export interface StatementEvidence {
  readonly layer: Layer
  readonly policy: string
  readonly name?: string
  readonly index: number
  readonly sid?: string
}

export interface AllowEvidence {
  readonly action: string
  readonly by: Extract<Decision, { readonly allowed: true }>['by']
  readonly statement?: StatementEvidence
  readonly identityStatement?: StatementEvidence
  readonly grantId?: string
}

/** A policy that had a say: kept elsewhere under its hash, or here where it is kept nowhere else. */
export interface PolicyEvidence {
  readonly layer: Layer
  readonly name?: string
  /** Of service and resource control policies: which level, counted from the organization's root. */
  readonly level?: number
  readonly hash?: string
  readonly text?: string
}

export interface DenyEvidence {
  readonly action: string
  readonly denied: Extract<Decision, { readonly allowed: false }>['because']
  readonly layer: Layer
  readonly statement?: StatementEvidence
  readonly resource: string
  readonly resourceAccount: string
  readonly awsManaged: boolean
  readonly crossAccount: boolean
  readonly subject: Pick<Subject, 'kind' | 'names'> & { readonly account?: string }
  readonly policies: readonly PolicyEvidence[]
  /** The values of all condition keys that these policies ask for, by lower-case name. */
  readonly context: Readonly<Record<string, string | readonly string[]>>
  /** An empty list of session policies, which allows nothing (federated users); without any, they limit nothing. */
  readonly emptySession?: true
  /** How many levels of service control policies there are: a level may have no policy, which allows nothing. */
  readonly serviceControlLevels?: number
  readonly grantUse?: {
    readonly operation: string
    readonly encryptionContext?: Pairs
    readonly child?: ConstraintsEvidence & { readonly operations: readonly string[] }
  }
  readonly grants?: readonly GrantEvidence[]
  /** How many grants there were beyond those. */
  readonly moreGrants?: number
}

/** A denial of which all that had a say is too much for a record: what decided, and nothing to ask again. */
export interface BriefDenial extends Pick<DenyEvidence, 'action' | 'denied' | 'layer' | 'statement' | 'resource'> {
  /** Bytes that the whole would have taken. */
  readonly omittedBytes: number
}

type Pairs = readonly (readonly [string, string])[]

interface ConstraintsEvidence {
  readonly encryptionContextEquals?: Pairs
  readonly encryptionContextSubset?: Pairs
  readonly sourceArn?: string
}

export interface GrantEvidence extends ConstraintsEvidence {
  readonly grantId: string
  readonly grantee: string
  readonly operations: readonly string[]
}

export type Evidence = AllowEvidence | DenyEvidence

/** `evidence` as JSON text of at most `limit` bytes: of a denial that takes more, what decided it. */
export function evidenceText(evidence: Evidence, limit: number): string {
  const text = JSON.stringify(evidence)
  // A code unit is at most three bytes.
  if (!('denied' in evidence) || text.length * 3 <= limit) return text
  const bytes = new TextEncoder().encode(text).length
  if (bytes <= limit) return text
  const { action, denied, layer, statement, resource } = evidence
  const brief: BriefDenial = {
    action,
    denied,
    layer,
    ...(statement === undefined ? {} : { statement }),
    resource,
    omittedBytes: bytes,
  }
  return JSON.stringify(brief)
}

// A key can have thousands of grants for one grantee; the first tell enough.
const mostGrants = 20

export function evidenceOf(question: Question, decision: Decision, hashOf: HashOf): Evidence {
  if (decision.allowed) {
    const { by, resourceStatement, identityStatement, grant } = decision
    return {
      action: question.action,
      by,
      ...(resourceStatement === undefined ? {} : { statement: statementEvidence(resourceStatement, hashOf) }),
      ...(identityStatement === undefined ? {} : { identityStatement: statementEvidence(identityStatement, hashOf) }),
      ...(grant === undefined ? {} : { grantId: grant.grantId }),
    }
  }
  const { subject, resource, grantUse, grants } = question
  const policies = policiesIn(question)
  return {
    action: question.action,
    denied: decision.because,
    layer: decision.layer,
    ...(decision.statement === undefined ? {} : { statement: statementEvidence(decision.statement, hashOf) }),
    resource: resource.arn,
    resourceAccount: resource.account,
    awsManaged: resource.awsManaged,
    crossAccount: question.crossAccount,
    subject: {
      kind: subject.kind,
      names: subject.names,
      ...(subject.account === undefined ? {} : { account: subject.account }),
    },
    policies: policies.map(({ layer, name, level, policy }) => ({
      layer,
      ...(name === undefined ? {} : { name }),
      ...(level === undefined ? {} : { level }),
      ...(isKept(layer, name) ? { hash: hashOf(policy) } : { text: policy.text }),
    })),
    context: contextOf(question, policies),
    ...(subject.session?.length === 0 ? { emptySession: true } : {}),
    ...(subject.serviceControl.length === 0 ? {} : { serviceControlLevels: subject.serviceControl.length }),
    ...(grantUse === undefined
      ? {}
      : {
          grantUse: {
            operation: grantUse.operation,
            ...(grantUse.encryptionContext === undefined ? {} : { encryptionContext: [...grantUse.encryptionContext] }),
            ...(grantUse.child === undefined
              ? {}
              : {
                  child: { operations: grantUse.child.operations, ...constraintsEvidence(grantUse.child.constraints) },
                }),
          },
        }),
    ...(grants === undefined ? {} : { grants: grants.slice(0, mostGrants).map(grantEvidence) }),
    ...(grants === undefined || grants.length <= mostGrants ? {} : { moreGrants: grants.length - mostGrants }),
  }
}

/**
 * Whether the text is kept under its hash. What was passed for a session, and the policies of endpoints, are stored nowhere:
 * they stand in the record itself. A managed policy that was passed is named by its ARN.
 */
function isKept(layer: Layer, name: string | undefined): boolean {
  return layer === 'session policy' ? name?.startsWith('arn:') === true : layer !== 'endpoint policy'
}

function statementEvidence({ layer, policy, policyName, index, sid }: StatementRef, hashOf: HashOf): StatementEvidence {
  return {
    layer,
    policy: hashOf(policy),
    ...(policyName === undefined ? {} : { name: policyName }),
    index,
    ...(sid === undefined ? {} : { sid }),
  }
}

function grantEvidence({ grantId, grantee, operations, constraints }: Grant): GrantEvidence {
  return { grantId, grantee, operations, ...constraintsEvidence(constraints) }
}

function constraintsEvidence(constraints: GrantConstraints): ConstraintsEvidence {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = constraints
  return {
    ...(equals === undefined ? {} : { encryptionContextEquals: [...equals] }),
    ...(subset === undefined ? {} : { encryptionContextSubset: [...subset] }),
    ...(sourceArn === undefined ? {} : { sourceArn }),
  }
}

interface PolicyWithSay {
  readonly layer: Layer
  readonly name: string | undefined
  readonly level: number | undefined
  readonly policy: CompiledPolicy
}

/** All policies that have a say in `question`. */
export function policiesIn({ subject, resource, endpoint, action }: Question): readonly PolicyWithSay[] {
  const found: PolicyWithSay[] = []
  const add = (layer: Layer, policies: readonly AttachedPolicy[], level?: number): void => {
    for (const { name, policy } of policies) found.push({ layer, name, level, policy })
  }
  if (resource.policy !== undefined) {
    found.push({ layer: resource.policyLayer, name: undefined, level: undefined, policy: resource.policy })
  }
  add('identity policy', subject.identity)
  if (subject.boundary !== undefined) add('permissions boundary', [subject.boundary])
  if (subject.session !== undefined) add('session policy', subject.session)
  subject.serviceControl.forEach((level, index) => add('service control policy', level, index))
  // As in the evaluator: on AWS managed keys and the retiring of grants they have none.
  if (!resource.awsManaged && action.toLowerCase() !== 'kms:retiregrant') {
    resource.resourceControl.forEach((level, index) => add('resource control policy', level, index))
  }
  if (endpoint !== undefined) add('endpoint policy', [endpoint])
  return found
}

function contextOf({ context, grants = [] }: Question, policies: readonly PolicyWithSay[]): DenyEvidence['context'] {
  const wanted = new Set(policies.flatMap(({ policy }) => [...policy.conditionKeys]))
  if (grants.some(({ constraints }) => constraints.sourceArn !== undefined)) wanted.add('aws:sourcearn')
  return Object.fromEntries(
    [...wanted].flatMap((key) => {
      const value = context.value(key)
      return value === undefined ? [] : [[key, value] as const]
    }),
  )
}

/**
 * The question that `evidence` was kept of. `textOf` finds a policy by its hash; where it finds none the policy is one that
 * can't be understood, and `missing` is told.
 */
export function questionOf(
  evidence: DenyEvidence,
  textOf: (hash: string) => string | undefined,
  missing: (policy: PolicyEvidence) => void,
): Question {
  const account = parseAccountId(evidence.resourceAccount)
  if (account === undefined) throw new TypeError('the record names no account that could be one')
  const owner = evidence.subject.account === undefined ? undefined : parseAccountId(evidence.subject.account)
  const compiled = evidence.policies.map((policy) => {
    const text = policy.text ?? (policy.hash === undefined ? undefined : textOf(policy.hash))
    if (text === undefined) missing(policy)
    return { ...policy, name: policy.name ?? '', policy: compilePolicy(text ?? '') }
  })
  const attached = (layer: Layer): readonly AttachedPolicy[] => compiled.filter((policy) => policy.layer === layer)
  const levels = (layer: Layer, least = 0): readonly (readonly AttachedPolicy[])[] => {
    const all = compiled.filter((policy) => policy.layer === layer)
    const count = Math.max(least, ...all.map(({ level = 0 }) => level + 1))
    return Array.from({ length: count }, (_, index) => all.filter(({ level = 0 }) => level === index))
  }
  const own = compiled.find(({ layer }) => layer === 'key policy' || layer === 'trust policy')
  const session = attached('session policy')
  return {
    subject: {
      kind: evidence.subject.kind,
      account: owner,
      names: evidence.subject.names,
      identity: attached('identity policy'),
      boundary: attached('permissions boundary')[0],
      session: session.length === 0 && evidence.emptySession !== true ? undefined : session,
      serviceControl: levels('service control policy', evidence.serviceControlLevels),
    },
    action: evidence.action,
    resource: {
      arn: evidence.resource,
      account,
      policy: own?.policy,
      policyLayer: own?.layer === 'trust policy' ? 'trust policy' : 'key policy',
      resourceControl: levels('resource control policy'),
      awsManaged: evidence.awsManaged,
    },
    crossAccount: evidence.crossAccount,
    context: { value: (key) => (Object.hasOwn(evidence.context, key) ? evidence.context[key] : undefined) },
    endpoint: attached('endpoint policy')[0],
    grants: (evidence.grants ?? []).map(grantOf),
    grantUse:
      evidence.grantUse === undefined
        ? undefined
        : {
            operation: evidence.grantUse.operation,
            encryptionContext:
              evidence.grantUse.encryptionContext === undefined
                ? undefined
                : new Map(evidence.grantUse.encryptionContext),
            child:
              evidence.grantUse.child === undefined
                ? undefined
                : {
                    operations: evidence.grantUse.child.operations,
                    constraints: constraintsOf(evidence.grantUse.child),
                  },
          },
  }
}

function grantOf(evidence: GrantEvidence): Grant {
  const { grantId, grantee, operations } = evidence
  return { grantId, grantee, operations, constraints: constraintsOf(evidence) }
}

function constraintsOf({
  encryptionContextEquals: equals,
  encryptionContextSubset: subset,
  sourceArn,
}: ConstraintsEvidence): GrantConstraints {
  return {
    encryptionContextEquals: equals === undefined ? undefined : new Map(equals),
    encryptionContextSubset: subset === undefined ? undefined : new Map(subset),
    sourceArn,
  }
}
