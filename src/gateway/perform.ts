/**
 * Steps 2 to 9 of a request whose caller is known (the list is at the top of run.ts). This is the one place that turns any
 * failure into an error answer and any outcome of a known caller into a record. Steps continue synchronously where their
 * ports answer at once.
 */
import { denialMessage } from '#aws/denial.ts'
import { isRefusal, refusal, RefusalError, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { ErasedContext, Members, RequestFacts, Service } from '#aws/operation.ts'
import type { AccountId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { FaultInjector, InjectedFault } from '#ports/faults.ts'
import type { Credential } from '#ports/identities.ts'
import type { UsedKeys } from '#ports/key-usage.ts'
import type { Change, Expectation } from '#records/change.ts'
import { authorize, type Judgement } from './authorize.ts'
import type { GatewayPorts, Respond } from './bound-service.ts'
import { faultSubject } from './fault-subject.ts'
import type { Prepared } from './prepare.ts'
import type { Ending, Progress } from './record.ts'
import { declared, droppedBefore, dryRunSucceeded, refusedMember, throttled } from './refusals.ts'
import type { Renderer } from './render.ts'
import type { Answer, IncomingRequest } from './request.ts'

// A commit that keeps losing to others is given up: the client's retry is cheaper than holding the request. Each attempt loses by
// chance: of 6 callers who change one key at once, one in 20 loses 16 times in a row, and next to none so often.
const commitAttempts = 64

/** One request of a known caller. */
export interface Call<P> {
  readonly prepared: Prepared<P>
  readonly request: IncomingRequest
  readonly credential: Credential
  readonly facts: RequestFacts
  readonly progress: Progress
  /** Called once. */
  readonly respond: Respond
}

/** A request's answer is on its way: nothing is left to do for it. */
export type Ended = 'ended'

/** What a handler gave back. */
interface Handled {
  readonly output: Members
  readonly changes: readonly Change[]
  readonly expectations?: readonly Expectation[]
}

/** Runs the calls of one service. Both functions answer each call exactly once and never throw. */
export interface Performer<P> {
  /** All steps, from reading the request on. */
  readonly run: (call: Call<P>) => MaybeAsync<Ended>
  /** The same for a call whose input has been read and checked, which its `progress` has. */
  readonly runRead: (call: Call<P>, input: Members) => MaybeAsync<Ended>
}

export function performer<P>(
  { name, internalError, refuses }: Pick<Service<P, Expectation, Change>, 'name' | 'internalError' | 'refuses'>,
  ports: P,
  gateway: GatewayPorts,
  render: Renderer,
): Performer<P> {
  const internal = refusal(internalError)
  const resourceControl = (account: AccountId) => gateway.identities.resourceControl(account)

  /** Whatever is thrown on the way becomes an internal error, and is recorded as one: the caller is known. */
  function safely(call: Call<P>, steps: () => MaybeAsync<Ended>): MaybeAsync<Ended> {
    const fail = (error: unknown): Ended => {
      const where = { requestId: call.request.requestId, operation: call.prepared.operation.name }
      gateway.failures.failed(where, error)
      try {
        return endRefused(call, internal)
      } catch (again) {
        // What failed may be the record's own parts: then one without them is kept.
        gateway.failures.failed(where, again)
        return endRefused({ ...call, progress: { input: undefined, targets: {}, judgements: [] } }, internal)
      }
    }
    try {
      const ended = steps()
      return ended instanceof Promise ? ended.catch(fail) : ended
    } catch (error) {
      return fail(error)
    }
  }

  /** Steps 2 to 9 of a request whose caller is known. */
  function perform(call: Call<P>): MaybeAsync<Ended> {
    const { prepared, request, progress } = call
    const unserved = refuses?.(call.facts.caller, prepared.operation.name)
    if (unserved !== undefined) return endRefused(call, unserved)
    const input = prepared.read(request)
    if (isRefusal(input)) return endRefused(call, input)
    progress.input = input
    const refused = prepared.operation.check(input) ?? refusedMember(prepared.operation, input)
    if (refused !== undefined) return endRefused(call, refused)
    return attempt(call, input, 1)
  }

  function attempt(call: Call<P>, input: Members, count: number): MaybeAsync<Ended> {
    const { operation } = call.prepared
    return after(judge(call, input, count), (verdict) => {
      if (verdict !== undefined)
        return endRefused(call, isInjected(call, verdict) ? verdict : declared(operation, verdict))
      return after(handle(call, input), (handled) => {
        if (isRefusal(handled)) return endRefused(call, declared(operation, handled))
        if (operation.dryRun && input['DryRun'] === true) {
          call.prepared.forget(handled.output)
          return endRefused(call, dryRunSucceeded)
        }
        return handled.changes.length === 0 ? endRead(call, handled.output) : endChange(call, input, handled, count)
      })
    })
  }

  /** Steps 4 to 6: undefined when the operation may run. */
  function judge(call: Call<P>, input: Members, count: number): MaybeAsync<Refusal | undefined> {
    const unresolved = resolve(call, input, 0)
    return unresolved instanceof Promise
      ? unresolved.then((refused) => refused ?? permit(call, input, count))
      : (unresolved ?? permit(call, input, count))
  }

  function permit(call: Call<P>, input: Members, count: number): MaybeAsync<Refusal | undefined> {
    const denied = authorizeFrom(call, input, 0)
    return denied instanceof Promise
      ? denied.then((refused) => refused ?? admission(call, input, count))
      : (denied ?? admission(call, input, count))
  }

  function admission(call: Call<P>, input: Members, count: number): MaybeAsync<Refusal | undefined> {
    if (gateway.faults !== undefined && call.progress.fault === undefined) {
      const fault = gateway.faults.meet(faultSubject(name, call))
      call.progress.fault = fault ?? 'none'
      if (fault !== undefined) return suffer(call, input, count, fault, gateway.faults)
    }
    return meter(call, input, count) ?? admit(call)
  }

  /** Only with the test profile: what an operator wanted to happen to this request. */
  function suffer(
    call: Call<P>,
    input: Members,
    count: number,
    { delayMs, ending }: InjectedFault,
    faults: FaultInjector,
  ): MaybeAsync<Refusal | undefined> {
    if (delayMs > 0) {
      return faults.wait(delayMs).then(() => {
        if (ending?.kind === 'refused') return ending.refusal
        if (ending?.when === 'before') return droppedBefore
        // What was found and permitted may not be so any more.
        startOver(call)
        return judge(call, input, count)
      })
    }
    if (ending?.kind === 'refused') return ending.refusal
    if (ending?.when === 'before') return droppedBefore
    return meter(call, input, count) ?? admit(call)
  }

  /** Forgets what was found out about the targets, so that it is found out again. */
  function startOver({ progress }: Call<P>): void {
    for (const target of Object.keys(progress.targets)) Reflect.deleteProperty(progress.targets, target)
    progress.judgements.length = 0
  }

  function resolve(call: Call<P>, input: Members, from: number): MaybeAsync<Refusal | undefined> {
    const { targets } = call.prepared.operation
    for (let index = from; index < targets.length; index += 1) {
      const target = targets[index]
      if (target === undefined || target.applies?.(input, call.facts) === false) continue
      const found = target.resolve(input, call.facts, ports)
      if (found instanceof Promise) {
        return found.then((resource) => {
          if (isRefusal(resource)) return resource
          call.progress.targets[target.name] = resource
          return resolve(call, input, index + 1)
        })
      }
      if (isRefusal(found)) return found
      call.progress.targets[target.name] = found
    }
    return undefined
  }

  /** Authorizes the targets from number `from` on, in their order. */
  function authorizeFrom(call: Call<P>, input: Members, from: number): MaybeAsync<Refusal | undefined> {
    const { request, facts, progress } = call
    const { targets } = call.prepared.operation
    for (let index = from; index < targets.length; index += 1) {
      const target = targets[index]
      // Left out are the targets that this request does not act on, and no others.
      if (target === undefined || !Object.hasOwn(progress.targets, target.name)) continue
      const resource = progress.targets[target.name]
      const judged = authorize({ request, facts, target, resource, input, ports }, resourceControl)
      if (judged instanceof Promise) {
        return judged.then((later) => verdictOn(call, input, index, later) ?? authorizeFrom(call, input, index + 1))
      }
      const denied = verdictOn(call, input, index, judged)
      if (denied !== undefined) return denied
    }
    return undefined
  }

  /** What the caller is told when `judgement` denies target number `index`. */
  function verdictOn(call: Call<P>, input: Members, index: number, judgement: Judgement): Refusal | undefined {
    call.progress.judgements.push(judgement)
    const { question, decision } = judgement
    const target = call.prepared.operation.targets[index]
    if (decision.allowed || target === undefined) return undefined
    if (decision.because === 'error') {
      const where = { requestId: call.request.requestId, operation: call.prepared.operation.name }
      gateway.failures.undecided(where, decision.error ?? new Error('a policy could not be understood'))
    }
    return (
      target.denial?.(call.progress.targets[target.name], input) ??
      denialMessage(call.facts.callerArn, question, decision)
    )
  }

  /** A request counts once, however often its commit meets a conflict. */
  function meter(call: Call<P>, input: Members, count: number): Refusal | undefined {
    if (count > 1) return undefined
    const { operation } = call.prepared
    const quota = operation.quotaFor?.(input, call.progress.targets) ?? operation.quota
    return gateway.quota.take(quota, call.facts) ? undefined : throttled
  }

  function admit({ prepared: { operation }, progress }: Call<P>): Refusal | undefined {
    for (const target of operation.targets) {
      if (!Object.hasOwn(progress.targets, target.name)) continue
      const refused = target.admit(progress.targets[target.name], operation.name)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  function handle(call: Call<P>, input: Members): MaybeAsync<Handled | Refusal> {
    const context: ErasedContext<P> = {
      facts: call.facts,
      targets: call.progress.targets,
      ports,
      fail: refuseInHandler,
    }
    try {
      const handled = call.prepared.operation.handle(context, input)
      return handled instanceof Promise ? handled.catch(asRefusal) : handled
    } catch (error) {
      return asRefusal(error)
    }
  }

  function endRefused(call: Call<P>, refused: Refusal): Ended {
    if (call.progress.input !== undefined) call.prepared.forget(call.progress.input)
    const text = record(call, { refused, output: undefined, eventId: gateway.random.uuid() })
    return end(call, text, render.refusal(refused, call.request.requestId), undefined)
  }

  function endRead(call: Call<P>, output: Members): Ended {
    const eventId = gateway.random.uuid()
    const text = record(call, { refused: undefined, output, eventId })
    return end(call, text, success(call, output), usedKeys(call, eventId))
  }

  /** Sends `answer` once `text` is durable. */
  function end(call: Call<P>, text: string, answer: Answer, used: UsedKeys | undefined): Ended {
    const done = (failure: Error | undefined): void => {
      if (failure === undefined) {
        deliver(call, answer)
        return
      }
      if (answer.sensitive) answer.body.fill(0)
      gateway.failures.failed({ requestId: call.request.requestId, operation: call.prepared.operation.name }, failure)
      call.respond(render.refusal(internal, call.request.requestId))
    }
    gateway.audit.append(text, call.request.receivedMs, done, used)
    return 'ended'
  }

  async function endChange(call: Call<P>, input: Members, handled: Handled, count: number): Promise<Ended> {
    const { operation } = call.prepared
    const { output, changes } = handled
    const expectations: Expectation[] = [...(handled.expectations ?? [])]
    for (const target of operation.targets) {
      const resource = call.progress.targets[target.name]
      const seen = resource === undefined ? undefined : target.seen?.(resource)
      if (seen !== undefined) expectations.push(seen)
    }
    const text = record(call, { refused: undefined, output, eventId: gateway.random.uuid() })
    // Before the commit: what can't be answered must not be stored.
    const answer = success(call, output)
    const outcome = await gateway.committer.commit({ changes, expectations, record: text })
    if (outcome === 'committed') {
      deliver(call, answer)
      return 'ended'
    }
    if (answer.sensitive) answer.body.fill(0)
    if (count >= commitAttempts) throw new Error(`gave up after ${count} conflicting commits`)
    startOver(call)
    return attempt(call, input, count + 1)
  }

  function success(call: Call<P>, output: Members): Answer {
    const { prepared, progress, request } = call
    const body = prepared.write(output, request.requestId)
    prepared.forget(output)
    // A change may have to run again, and none of them takes secrets.
    if (progress.input !== undefined && prepared.operation.effect === 'read') prepared.forget(progress.input)
    return render.success(body, prepared.sensitive)
  }

  function record(call: Call<P>, ending: Ending): string {
    const { prepared, request, credential, facts, progress } = call
    return prepared.record(request, credential, facts, progress, ending)
  }

  return {
    run: (call) => safely(call, () => perform(call)),
    runRead: (call, input) => safely(call, () => attempt(call, input, 1)),
  }
}

/** What the record with `eventId` of a success says of the keys that it used. */
function usedKeys<P>({ prepared, facts, progress }: Call<P>, eventId: string): UsedKeys | undefined {
  if (prepared.usedTargets.length === 0) return undefined
  const keys: string[] = []
  for (const target of prepared.usedTargets) {
    if (!Object.hasOwn(progress.targets, target.name)) continue
    const audited = target.audited(progress.targets[target.name])
    if (audited !== undefined) keys.push(audited.arn)
  }
  const time = facts.now - (facts.now % 1000)
  return { keys, use: { operation: prepared.operation.name, time, requestId: facts.requestId, eventId } }
}

/** Answers, unless an injected fault drops the connection instead. */
function deliver<P>({ progress: { fault }, respond }: Call<P>, answer: Answer): void {
  const drops = fault !== undefined && fault !== 'none' && fault.ending?.kind === 'dropped'
  respond(drops ? { ...answer, dropped: true } : answer)
}

/** Whether an injected fault is why: then it is no defect of ours that the operation does not declare it. */
function isInjected<P>({ progress: { fault } }: Call<P>, refused: Refusal): boolean {
  if (fault === undefined || fault === 'none') return false
  return refused === droppedBefore || (fault.ending?.kind === 'refused' && fault.ending.refusal === refused)
}

function refuseInHandler(code: ErrorCode, message?: string): never {
  throw new RefusalError(refusal(code, message))
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof RefusalError) return error.refusal
  throw error
}
