/**
 * The authorization decision, pure: from who asks, for what, and the policies and grants that have a say, to a decision that
 * names what decided ("Policy evaluation logic", IAM User Guide; "Key policies in AWS KMS", "Grants in AWS KMS").
 *
 * Two things set keys (and the trust policies of roles) apart from other resources: the policies of the caller count only as
 * far as the resource's own policy leaves the decision to the caller's account, and not even the root user has a right that
 * no statement gives. An explicit Deny always wins.
 */
import type { CompiledPolicy } from './compile.ts'
import { foldCase } from './fold.ts'
import { allowsUse } from './grant-match.ts'
import type { Grant } from './grant.ts'
import { RememberedContext } from './remembered-context.ts'
import { principalOf, type Level } from './principals.ts'
import type { Decision, Layer, Question, StatementRef } from './question.ts'
import type { CompiledStatement } from './statement.ts'
import { closestAllow, findAllow, findDeny, type Asked } from './search.ts'
import type { AttachedPolicy } from './subject.ts'

/** A decision being made. */
interface Course extends Asked {
  readonly question: Question
  readonly sameAccount: boolean
  /** The layer that is being looked at. */
  layer: Layer
}

type Denial = Extract<Decision, { readonly allowed: false }>

/** Never throws: an exception while deciding is a denial that carries it. */
export function evaluate(question: Question): Decision {
  let course: Course | undefined
  try {
    course = begin(question)
    return decide(course)
  } catch (error) {
    const layer = course?.layer ?? question.resource.policyLayer
    return { allowed: false, because: 'error', layer, statement: undefined, grantsWanted: false, error }
  }
}

function begin(question: Question): Course {
  const { subject, resource, action, context } = question
  return {
    question,
    // A service belongs to no account.
    sameAccount: subject.account === resource.account,
    layer: resource.policyLayer,
    action: lowerCased(action),
    resource: resource.arn,
    context: new RememberedContext(context),
    principal: principalOf(subject, resource.policyLayer === 'trust policy'),
  }
}

// Pure memory of a pure function: with the same string object for the same action, looking it up compares pointers. Callers
// can ask for actions that don't exist (policy simulation), so it is emptied when it grows.
const actions = new Map<string, string>()
const rememberedActions = 1_000

function lowerCased(action: string): string {
  const known = actions.get(action)
  if (known !== undefined) return known
  if (actions.size >= rememberedActions) actions.clear()
  const lower = foldCase(action)
  actions.set(action, lower)
  return lower
}

function decide(course: Course): Decision {
  const { question, sameAccount } = course
  const { resource, subject } = question
  const ownLayer = resource.policyLayer
  if (!sameAccount && !question.crossAccount) {
    const layer = resource.policy === undefined ? 'identity policy' : ownLayer
    return { allowed: false, because: 'local only', layer, statement: undefined, grantsWanted: false }
  }
  const denying = explicitDeny(course)
  if (denying !== undefined) {
    const { layer } = denying
    return { allowed: false, because: 'explicit deny', layer, statement: denying, grantsWanted: false }
  }
  for (const level of subject.serviceControl) {
    if (allowIn(course, 'service control policy', level) === undefined) return missing('service control policy')
  }
  if (question.endpoint !== undefined && !endpointAllows(course, question.endpoint.policy)) {
    return missing('endpoint policy')
  }
  const byPolicies = resource.policy === undefined ? callerAlone(course) : withOwnPolicy(course, resource.policy)
  if (byPolicies.allowed || question.grantUse === undefined) return byPolicies
  if (question.grants === undefined) return { ...byPolicies, grantsWanted: true }
  return byGrants(course, question.grants) ?? byPolicies
}

/** The first Deny in any policy that has a say, in the order in which AWS names them. */
function explicitDeny(course: Course): StatementRef | undefined {
  const { question, action } = course
  const { subject, resource } = question
  const ownLayer = resource.policyLayer
  for (const level of subject.serviceControl) {
    const denying = denyIn(course, 'service control policy', level)
    if (denying !== undefined) return denying
  }
  // "Resource control policies in AWS KMS": none of them for AWS managed keys, nor for retiring grants.
  if (!resource.awsManaged && action !== 'kms:retiregrant') {
    for (const level of resource.resourceControl) {
      const denying = denyIn(course, 'resource control policy', level)
      if (denying !== undefined) return denying
    }
  }
  if (question.endpoint !== undefined) {
    const denying = denyIn(course, 'endpoint policy', [question.endpoint])
    if (denying !== undefined) return denying
  }
  if (resource.policy !== undefined) {
    course.layer = ownLayer
    const statement = findDeny(resource.policy, ownLayer === 'trust policy' ? 'trust' : 'resource', course)
    if (statement !== undefined) return refOf(ownLayer, resource.policy, undefined, statement)
  }
  return (
    denyIn(course, 'identity policy', subject.identity) ??
    (subject.boundary === undefined ? undefined : denyIn(course, 'permissions boundary', [subject.boundary])) ??
    (subject.session === undefined ? undefined : denyIn(course, 'session policy', subject.session))
  )
}

function endpointAllows(course: Course, policy: CompiledPolicy): boolean {
  course.layer = 'endpoint policy'
  return closestAllow(policy, 'resource', course) !== undefined
}

/** No policy belongs to the resource: the caller's decide, within its own account. */
function callerAlone(course: Course): Decision {
  if (!course.sameAccount) return missing('identity policy')
  const side = callerSide(course)
  if (side.limit !== undefined) return missing(side.limit)
  const by = course.principal.root ? 'root user' : 'identity policy'
  return allowed(by, { identityStatement: side.statement })
}

function withOwnPolicy(course: Course, policy: CompiledPolicy): Decision {
  const { sameAccount, question } = course
  const ownLayer = question.resource.policyLayer
  course.layer = ownLayer
  const found = closestAllow(policy, ownLayer === 'trust policy' ? 'trust' : 'resource', course)
  if (found === undefined) return missing(ownLayer)
  const resourceStatement = refOf(ownLayer, policy, undefined, found.statement)
  // A stranger needs its own account's leave as well; a service has no account to ask.
  const level = sameAccount || question.subject.account === undefined ? found.level : 'account'
  const side = atLevel(course, level)
  if (side.limit !== undefined) return missing(side.limit)
  return allowed(ownLayer, { resourceStatement, identityStatement: side.statement })
}

function byGrants(course: Course, grants: readonly Grant[]): Decision | undefined {
  const { question, principal, context } = course
  const { names, root } = principal
  const use = question.grantUse
  if (use === undefined) return undefined
  for (const grant of grants) {
    const { grantee } = grant
    const level = names.direct.includes(grantee)
      ? 'direct'
      : names.entity.includes(grantee)
        ? 'entity'
        : names.account.includes(grantee)
          ? 'account'
          : undefined
    if (level === undefined || !allowsUse(grant, use, context)) continue
    const side = atLevel(course, root ? 'direct' : level)
    if (side.limit === undefined) return allowed('grant', { identityStatement: side.statement, grant })
  }
  return undefined
}

/** The caller's side of an allowance: the layer that does not allow, or none, and the statement that was needed. */
interface Side {
  readonly limit: Layer | undefined
  readonly statement: StatementRef | undefined
}

const free: Side = { limit: undefined, statement: undefined }

/**
 * What the caller's own policies say to something that names it at `level`: who is named itself needs nothing more; what is
 * given to the role or user behind a session is limited by its boundary and the session's policies; what is given to an
 * account is the account's to pass on.
 */
function atLevel(course: Course, level: Level): Side {
  switch (level) {
    case 'direct':
      return free
    case 'entity': {
      const limit = limitOf(course)
      return limit === undefined ? free : { limit, statement: undefined }
    }
    case 'account':
      return callerSide(course)
  }
}

function callerSide(course: Course): Side {
  const { subject } = course.question
  if (course.principal.root) return free
  const statement = allowIn(course, 'identity policy', subject.identity)
  if (statement === undefined) return { limit: 'identity policy', statement }
  return { limit: limitOf(course), statement }
}

function limitOf(course: Course): Layer | undefined {
  const { boundary, session } = course.question.subject
  if (boundary !== undefined && allowIn(course, 'permissions boundary', [boundary]) === undefined) {
    return 'permissions boundary'
  }
  if (session !== undefined && allowIn(course, 'session policy', session) === undefined) return 'session policy'
  return undefined
}

function denyIn(course: Course, layer: Layer, policies: readonly AttachedPolicy[]): StatementRef | undefined {
  course.layer = layer
  const kind = layer === 'resource control policy' || layer === 'endpoint policy' ? 'resource' : 'attached'
  for (const { name, policy } of policies) {
    const statement = findDeny(policy, kind, course)
    if (statement !== undefined) return refOf(layer, policy, name, statement)
  }
  return undefined
}

function allowIn(course: Course, layer: Layer, policies: readonly AttachedPolicy[]): StatementRef | undefined {
  course.layer = layer
  for (const { name, policy } of policies) {
    const statement = findAllow(policy, course)
    if (statement !== undefined) return refOf(layer, policy, name, statement)
  }
  return undefined
}

function refOf(
  layer: Layer,
  policy: CompiledPolicy,
  policyName: string | undefined,
  { index, sid }: CompiledStatement,
): StatementRef {
  return { layer, policy, policyName, index, sid }
}

function missing(layer: Layer): Denial {
  return { allowed: false, because: 'missing allow', layer, statement: undefined, grantsWanted: false }
}

type Allowance = Extract<Decision, { readonly allowed: true }>

function allowed(
  by: Allowance['by'],
  { resourceStatement, identityStatement, grant }: Partial<Omit<Allowance, 'allowed' | 'by'>>,
): Allowance {
  return { allowed: true, by, resourceStatement, identityStatement, grant }
}
