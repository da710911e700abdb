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
 * Here is step 1: how a caller becomes known, by whichever door a request came. The other steps are perform.ts.
 */
import { partitionOf } from '#base/arn.ts'
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import type { Service } from '#aws/operation.ts'
import type { Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Credential } from '#ports/identities.ts'
import type { Change, Expectation } from '#records/change.ts'
import { authenticate, type Authenticated, type Unauthenticated } from './authenticate.ts'
import type { BoundService, Forwarded, GatewayPorts, GatewayRules, Respond } from './bound-service.ts'
import { performer, type Call, type Ended } from './perform.ts'
import { prepare, type Prepared } from './prepare.ts'
import { refusedMember, throttled } from './refusals.ts'
import { renderer, type Renderer } from './render.ts'
import type { IncomingRequest } from './request.ts'

export function bindService<P>(
  service: Service<P, Expectation, Change>,
  ports: P,
  gateway: GatewayPorts,
  rules: GatewayRules,
): BoundService {
  const operations = new Map(
    Object.values(service.operations).map((operation) => [operation.name, prepare(operation, service)]),
  )
  const render: Renderer = renderer(service)
  const authentication = {
    service: service.name,
    regions: acceptedRegions(rules.regions, service.alsoScopedTo),
    skewSeconds: rules.skewSeconds,
  }
  const internal = refusal(service.internalError)
  const perform = performer(service, ports, gateway, render)

  function run(name: string, request: IncomingRequest, respond: Respond): void {
    const prepared = operations.get(name)
    if (prepared === undefined) {
      refuse(refusal('UnknownOperationException'), name, request, respond)
      return
    }
    withCaller(name, request, respond, (verdict) => perform.run(callOf(verdict, prepared, request, respond)))
  }

  function runNamed(
    nameOf: (request: IncomingRequest) => string | Refusal,
    request: IncomingRequest,
    respond: Respond,
  ): void {
    withCaller(undefined, request, respond, (verdict) => {
      const name = nameOf(request)
      const prepared = isRefusal(name) ? undefined : operations.get(name)
      if (prepared?.operation.identify !== undefined) {
        // Whoever signed it: it is the token in it that says who calls.
        runUnsigned(prepared.operation.name, request, respond)
        return 'ended'
      }
      if (prepared !== undefined) return perform.run(callOf(verdict, prepared, request, respond))
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

  function runUnsigned(name: string, request: IncomingRequest, respond: Respond): void {
    const refuseUnknown = (refused: Refusal): Ended => {
      refuse(refused, name, request, respond)
      return 'ended'
    }
    const fail = (error: unknown): void => {
      gateway.failures.failed({ requestId: request.requestId, operation: name }, error)
      respond(render.refusal(internal, request.requestId))
    }
    try {
      const prepared = operations.get(name)
      const identify = prepared?.operation.identify
      if (prepared === undefined || identify === undefined)
        throw new TypeError(`${name} is an operation that is signed`)
      // Finding out who calls costs more than a signature, and anybody may ask.
      if (!gateway.strangers.take(request.sourceIp)) {
        refuseUnknown(throttled)
        return
      }
      const input = prepared.read(request)
      if (isRefusal(input)) {
        refuseUnknown(input)
        return
      }
      const refused = prepared.operation.check(input) ?? refusedMember(prepared.operation, input)
      if (refused !== undefined) {
        refuseUnknown(refused)
        return
      }
      const identified = after(identify(input, rules.home, ports), (found): MaybeAsync<Ended> => {
        if (isRefusal(found)) return refuseUnknown(found)
        const credential: Credential = { ...found, status: 'Active', expiresAt: undefined }
        const call = callOf({ authentic: true, credential, region: rules.home }, prepared, request, respond)
        call.progress.input = input
        return perform.runRead(call, input)
      })
      if (identified instanceof Promise) identified.catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  function runForwarded(name: string, request: IncomingRequest, forwarded: Forwarded, respond: Respond): void {
    const prepared = operations.get(name)
    if (prepared === undefined) throw new TypeError(`${service.name} has no operation ${name}`)
    const { credential, region, viaService } = forwarded
    const ended = perform.run(callOf({ authentic: true, credential, region }, prepared, request, respond, viaService))
    // What fails here has been answered and logged.
    if (ended instanceof Promise) ended.catch(() => undefined)
  }

  function callOf(
    { credential, region }: Authenticated,
    prepared: Prepared<P>,
    request: IncomingRequest,
    respond: Respond,
    viaService?: string,
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
        callerArn: caller.arn,
        callerUserId: caller.userId,
        caller,
        viaService,
        now: gateway.clock.now(),
      },
      progress: { input: undefined, targets: {}, judgements: [] },
      respond,
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

  return {
    name: service.name,
    protocol: service.protocol,
    operations: [...operations.keys()],
    has: (operation) => operations.has(operation),
    run,
    runNamed,
    runForwarded,
    runUnsigned,
    isUnsigned: (operation) => operations.get(operation)?.operation.identify !== undefined,
    refuse,
  }
}

/** The regions served, and those of `also` that are in their partition: AWS's global endpoints are one for each partition. */
function acceptedRegions(served: ReadonlySet<Region>, also: readonly Region[]): ReadonlySet<string> {
  const partitions = new Set([...served].map(partitionOf))
  return new Set([...served, ...also.filter((region) => partitions.has(partitionOf(region)))])
}
