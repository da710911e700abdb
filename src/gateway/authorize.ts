/**
 * May the caller? Puts the question about one target of the operation to the policy evaluator: with the policies that came
 * with the caller, the resource's own, those of its account, and, when no policy allows, the grants on it.
 */
import type { ErasedTarget, Members, RequestFacts, ResourceFacts, WantedKeys } from '#aws/operation.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Grant } from '#policy/grant.ts'
import type { Decision, Question } from '#policy/question.ts'
import type { AttachedPolicy, Subject } from '#policy/subject.ts'
import { CallContext } from './context.ts'
import type { IncomingRequest } from './request.ts'

/** Policies by level. */
type Levels = readonly (readonly AttachedPolicy[])[]

/** What was asked and decided about one target. */
export interface Judgement {
  readonly question: Question
  readonly decision: Decision
}

/** One target of a request whose resource is known. */
export interface Asked<P> {
  readonly request: IncomingRequest
  readonly facts: RequestFacts
  readonly target: ErasedTarget<P>
  readonly resource: unknown
  readonly input: Members
  readonly ports: P
}

/** `resourceControl` answers the resource control policies of an account. */
export function authorize<P>(
  asked: Asked<P>,
  resourceControl: (account: ResourceFacts['account']) => MaybeAsync<Levels>,
): MaybeAsync<Judgement> {
  const described = asked.target.describe(asked.resource, asked.facts)
  const controls = resourceControl(described.account)
  return controls instanceof Promise
    ? controls.then((levels) => complete(asked, described, levels))
    : complete(asked, described, controls)
}

/** Loads what the policies want to know of the resource, if they do. */
function complete<P>(asked: Asked<P>, described: ResourceFacts, controls: Levels): MaybeAsync<Judgement> {
  const { target, resource, ports, request, facts } = asked
  if (target.withConditions === undefined) return judge(asked, described, controls, resource)
  const wanted = new PolicyKeys(facts.caller.subject, described, controls, request.endpoint?.policy)
  const found = target.withConditions(wanted, resource, ports)
  return found instanceof Promise
    ? found.then((known) => judge(asked, described, controls, known))
    : judge(asked, described, controls, found)
}

function judge<P>(
  { request, facts, target, input, ports }: Asked<P>,
  described: ResourceFacts,
  controls: Levels,
  resource: unknown,
): MaybeAsync<Judgement> {
  const { subject } = facts.caller
  const question: Question = {
    subject,
    action: target.action,
    resource: {
      arn: described.arn,
      account: described.account,
      policy: described.policy,
      policyLayer: described.policyLayer ?? 'key policy',
      resourceControl: controls,
      awsManaged: described.awsManaged,
    },
    crossAccount: target.crossAccount,
    context: new CallContext(request, facts, target, resource, described, input),
    endpoint: request.endpoint?.policy,
    grants: undefined,
    grantUse: target.grantUse?.(resource, input),
  }
  const decision = target.authorize?.(question, resource, input) ?? evaluate(question)
  if (decision.allowed || !decision.grantsWanted || target.grants === undefined) return { question, decision }
  const grants = grantsOf(target, resource, subject, ports)
  return grants instanceof Promise ? grants.then((found) => again(question, found)) : again(question, grants)
}

function again(question: Question, grants: readonly Grant[]): Judgement {
  const withGrants: Question = { ...question, grants }
  return { question: withGrants, decision: evaluate(withGrants) }
}

/** The grants that name the caller, at whatever level. */
function grantsOf<P>(target: ErasedTarget<P>, resource: unknown, { names }: Subject, ports: P): MaybeAsync<Grant[]> {
  const found: Grant[] = []
  const wanted = [...names.direct, ...names.entity, ...names.account]
  const collect = (from: number): MaybeAsync<Grant[]> => {
    for (let index = from; index < wanted.length; index += 1) {
      const grants = target.grants?.(resource, wanted[index] ?? '', ports) ?? []
      if (grants instanceof Promise) {
        return grants.then((later) => {
          found.push(...later)
          return collect(index + 1)
        })
      }
      found.push(...grants)
    }
    return found
  }
  return collect(0)
}

/** The condition keys that any of the policies of one decision asks for. */
class PolicyKeys implements WantedKeys {
  readonly #subject: Subject
  readonly #resource: ResourceFacts
  readonly #controls: Levels
  readonly #endpoint: AttachedPolicy | undefined

  constructor(subject: Subject, resource: ResourceFacts, controls: Levels, endpoint: AttachedPolicy | undefined) {
    this.#subject = subject
    this.#resource = resource
    this.#controls = controls
    this.#endpoint = endpoint
  }

  has(key: string): boolean {
    const { identity, boundary, session, serviceControl } = this.#subject
    return (
      this.#resource.policy?.conditionKeys.has(key) === true ||
      asks(identity, key) ||
      boundary?.policy.conditionKeys.has(key) === true ||
      (session !== undefined && asks(session, key)) ||
      serviceControl.some((level) => asks(level, key)) ||
      this.#controls.some((level) => asks(level, key)) ||
      this.#endpoint?.policy.conditionKeys.has(key) === true
    )
  }
}

function asks(policies: readonly AttachedPolicy[], key: string): boolean {
  for (const { policy } of policies) {
    if (policy.conditionKeys.has(key)) return true
  }
  return false
}
