/**
 * Runs any operation of a service. The order of steps is behaviour that clients can see, and it is this list:
 *
 *   1. authenticate   the raw bytes, before anything of the body is read      authenticate.ts
 *   2. read           strict decoding, then AWS's validation of all members   prepare.ts
 *   3. check          rules between members, then what a later version supports
 *   4. resolve        each target: id, ARN, alias or ciphertext to resource   the target's own
 *   5. authorize      each target                                             authorize.ts
 *   6. admit          quota, then each target's state and usage               the target's own
 *   7. handle         the operation
 *   8. record         a change and its record in one transaction; for the rest the record, durable   record.ts
 *   9. answer         a dry run answers its error here, when all else went well
 *
 * This is the one place that turns any failure into an error answer and any outcome of a known caller into a record. Steps
 * continue synchronously where their ports answer at once.
 */
import { partitionOf } from '#aws/arn.ts'
import { isRefusal, refusal, RefusalError, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { ErasedContext, Members, RequestFacts, Service } from '#aws/operation.ts'
import type { Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Credential } from '#ports/identities.ts'
import type { Change, Expectation } from '#records/change.ts'
import { authenticate, type Authenticated, type Unauthenticated } from './authenticate.ts'
import { arnOf } from '#policy/principal.ts'
import { authorize } from './authorize.ts'
import { prepare, type Prepared } from './prepare.ts'
import type { Ending, Progress } from './record.ts'
import { renderer, type Renderer } from './render.ts'
import type { BoundService, GatewayPorts, GatewayRules, Respond } from './bound-service.ts'
import { declared, dryRunSucceeded, refusedMember, throttled } from './refusals.ts'
import type { Answer, IncomingRequest } from './request.ts'

// A commit that keeps losing to others is given up: the client's retry is cheaper than holding the request.
const commitAttempts = 16

interface Call<P> {
  readonly prepared: Prepared<P>
  readonly request: IncomingRequest
  readonly credential: Credential
  readonly facts: RequestFacts
  readonly progress: Progress
  /** Called once. */
  readonly respond: Respond
}

/** A request's answer is on its way: nothing is left to do for it. */
type Ended = 'ended'

/** What a handler gave back. */
interface Handled {
  readonly output: Members
  readonly changes: readonly Change[]
}

export function bindService<P>(
  service: Service<P, Expectation, Change>,
  ports: P,
  gateway: GatewayPorts,
  rules: GatewayRules,
): BoundService {
  const operations = new Map(
    Object.values(service.operations).map((operation) => [operation.name, prepare(operation, service, gateway.random)]),
  )
  const render: Renderer = renderer(service)
  const authentication = {
    service: service.name,
    regions: acceptedRegions(rules.regions, service.alsoScopedTo),
    skewSeconds: rules.skewSeconds,
  }
  const internal = refusal(service.internalError)

  function run(name: string, request: IncomingRequest, respond: Respond): void {
    const prepared = operations.get(name)
    if (prepared === undefined) {
      refuse(refusal('UnknownOperationException'), name, request, respond)
      return
    }
    withCaller(name, request, respond, (verdict) => performSafely(callOf(verdict, prepared, request, respond)))
  }

  function runNamed(
    nameOf: (request: IncomingRequest) => string | Refusal,
    request: IncomingRequest,
    respond: Respond,
  ): void {
    withCaller(undefined, request, respond, (verdict) => {
      const name = nameOf(request)
      const prepared = isRefusal(name) ? undefined : operations.get(name)
      if (prepared !== undefined) return performSafely(callOf(verdict, prepared, request, respond))
      const refused = isRefusal(name) ? name : refusal('UnknownOperationException')
      logRefusal(refused, undefined, verdict.credential.caller.accessKeyId, request)
      respond(render.refusal(refused, request.requestId))
      return 'ended'
    })
  }

  /** Step 1; `go` does the others. */
  function withCaller(
    name: string | undefined,
    request: IncomingRequest,
    respond: Respond,
    go: (verdict: Authenticated) => MaybeAsync<Ended>,
  ): void {
    const fail = (error: unknown): void => {
      gateway.failures.failed({ requestId: request.requestId, operation: name ?? 'unknown' }, error)
      respond(render.refusal(internal, request.requestId))
    }
    const start = (verdict: Authenticated | Unauthenticated): MaybeAsync<Ended> => {
      if (verdict.authentic) return go(verdict)
      turnAway(verdict, name, request, respond)
      return 'ended'
    }
    try {
      const verdict = authenticate(request, authentication, gateway.identities, gateway.clock.machineNow())
      const ended = after(verdict, start)
      if (ended instanceof Promise) ended.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  function callOf(
    { credential, region }: Authenticated,
    prepared: Prepared<P>,
    request: IncomingRequest,
    respond: Respond,
  ): Call<P> {
    const { caller } = credential
    return {
      prepared,
      request,
      credential,
      facts: {
        requestId: request.requestId,
        region,
        account: caller.account,
        callerArn: arnOf(caller, region),
        callerUserId: caller.account,
        now: gateway.clock.now(),
      },
      progress: { input: undefined, targets: {} },
      respond,
    }
  }

  /** Whatever is thrown on the way becomes an internal error, and is recorded as one: the caller is known. */
  function performSafely(call: Call<P>): MaybeAsync<Ended> {
    const fail = (error: unknown): Ended => {
      const where = { requestId: call.request.requestId, operation: call.prepared.operation.name }
      gateway.failures.failed(where, error)
      try {
        return endRefused(call, internal)
      } catch (again) {
        // What failed may be the record's own parts: then one without them is kept.
        gateway.failures.failed(where, again)
        return endRefused({ ...call, progress: { input: undefined, targets: {} } }, internal)
      }
    }
    try {
      const ended = perform(call)
      return ended instanceof Promise ? ended.catch(fail) : ended
    } catch (error) {
      return fail(error)
    }
  }

  function turnAway(
    verdict: Unauthenticated,
    operation: string | undefined,
    request: IncomingRequest,
    respond: Respond,
  ): void {
    logRefusal(verdict.refusal, operation, verdict.claimedAccessKeyId, request)
    respond(render.refusal(verdict.refusal, request.requestId))
  }

  function refuse(refused: Refusal, operation: string | undefined, request: IncomingRequest, respond: Respond): void {
    logRefusal(refused, operation, undefined, request)
    respond(render.refusal(refused, request.requestId))
  }

  function logRefusal(
    refused: Refusal,
    operation: string | undefined,
    accessKeyId: string | undefined,
    request: IncomingRequest,
  ): void {
    gateway.securityLog.refused({
      requestId: request.requestId,
      sourceIp: request.sourceIp,
      code: refused.code,
      service: service.name,
      operation,
      accessKeyId,
    })
  }

  /** Steps 2 to 9 of a request whose caller is known. */
  function perform(call: Call<P>): MaybeAsync<Ended> {
    const { prepared, request, progress } = call
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
      if (verdict !== undefined) return endRefused(call, declared(operation, verdict))
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
    return after(
      resolve(call, input, 0),
      (unresolved) => unresolved ?? authorizeAll(call, input) ?? meter(call, count) ?? admit(call),
    )
  }

  function resolve(call: Call<P>, input: Members, from: number): MaybeAsync<Refusal | undefined> {
    const { targets } = call.prepared.operation
    for (let index = from; index < targets.length; index += 1) {
      const target = targets[index]
      if (target === undefined || target.applies?.(input) === false) continue
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

  function authorizeAll(call: Call<P>, input: Members): Refusal | undefined {
    for (const target of call.prepared.operation.targets) {
      // Left out are the targets that this request does not act on, and no others.
      if (!Object.hasOwn(call.progress.targets, target.name)) continue
      const resource = call.progress.targets[target.name]
      const denied = authorize(
        call.credential.caller,
        target.action,
        target.crossAccount,
        target.describe(resource, call.facts),
        call.facts.callerArn,
      )
      if (denied !== undefined) return target.denial?.(resource, input) ?? denied
    }
    return undefined
  }

  /** A request counts once, however often its commit meets a conflict. */
  function meter({ prepared: { operation }, facts }: Call<P>, count: number): Refusal | undefined {
    return count > 1 || gateway.quota.take(operation.quota, facts) ? undefined : throttled
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
    return end(call, record(call, { refused, output: undefined }), render.refusal(refused, call.request.requestId))
  }

  function endRead(call: Call<P>, output: Members): Ended {
    const text = record(call, { refused: undefined, output })
    return end(call, text, success(call, output))
  }

  /** Sends `answer` once `text` is durable. */
  function end(call: Call<P>, text: string, answer: Answer): Ended {
    gateway.audit.append(text, call.request.receivedMs, (failure) => {
      if (failure === undefined) {
        call.respond(answer)
        return
      }
      if (answer.sensitive) answer.body.fill(0)
      gateway.failures.failed({ requestId: call.request.requestId, operation: call.prepared.operation.name }, failure)
      call.respond(render.refusal(internal, call.request.requestId))
    })
    return 'ended'
  }

  async function endChange(call: Call<P>, input: Members, { output, changes }: Handled, count: number): Promise<Ended> {
    const { operation } = call.prepared
    const expectations: Expectation[] = []
    for (const target of operation.targets) {
      const resource = call.progress.targets[target.name]
      const seen = resource === undefined ? undefined : target.seen?.(resource)
      if (seen !== undefined) expectations.push(seen)
    }
    const text = record(call, { refused: undefined, output })
    // Before the commit: what can't be answered must not be stored.
    const answer = success(call, output)
    const outcome = await gateway.committer.commit({ changes, expectations, record: text })
    if (outcome === 'committed') {
      call.respond(answer)
      return 'ended'
    }
    if (answer.sensitive) answer.body.fill(0)
    if (count >= commitAttempts) throw new Error(`gave up after ${count} conflicting commits`)
    for (const name of Object.keys(call.progress.targets)) Reflect.deleteProperty(call.progress.targets, name)
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
    name: service.name,
    protocol: service.protocol,
    operations: [...operations.keys()],
    has: (operation) => operations.has(operation),
    run,
    runNamed,
    refuse,
  }
}

function refuseInHandler(code: ErrorCode, message?: string): never {
  throw new RefusalError(refusal(code, message))
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof RefusalError) return error.refusal
  throw error
}

/** The regions served, and those of `also` that are in their partition: AWS's global endpoints are one for each partition. */
function acceptedRegions(served: ReadonlySet<Region>, also: readonly Region[]): ReadonlySet<string> {
  const partitions = new Set([...served].map(partitionOf))
  return new Set([...served, ...also.filter((region) => partitions.has(partitionOf(region)))])
}
