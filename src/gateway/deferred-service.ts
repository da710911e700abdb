/**
 * A service that is loaded with its first request: one with many operations, which most workers are never asked for, would
 * cost each of them memory and the start its time.
 */
import { refusal } from '#aws/errors.ts'
import type { BoundService, FailureLog, Respond } from './bound-service.ts'
import { renderer } from './render.ts'
import type { IncomingRequest } from './request.ts'

/** What is known of the service before it is loaded. All its operations are signed. */
export type DeferredFacts = Pick<BoundService, 'name' | 'protocol' | 'operations'>

/** A load that fails is answered as an internal error, and tried again with the next request. */
export function deferredService(
  { name, protocol, operations }: DeferredFacts,
  failures: FailureLog,
  load: () => Promise<BoundService>,
): BoundService {
  const names: ReadonlySet<string> = new Set(operations)
  const render = renderer({ protocol })
  let loaded: BoundService | undefined
  let loading: Promise<BoundService> | undefined

  function withService(request: IncomingRequest, respond: Respond, go: (service: BoundService) => void): void {
    if (loaded !== undefined) {
      go(loaded)
      return
    }
    loading ??= load()
    loading.then(
      (service) => {
        loaded = service
        go(service)
      },
      (error: unknown) => {
        loading = undefined
        failures.failed({ requestId: request.requestId, operation: 'unknown' }, error)
        respond(render.refusal(refusal('InternalFailure'), request.requestId))
      },
    )
  }

  return {
    name,
    protocol,
    operations,
    has: (operation) => names.has(operation),
    isUnsigned: () => false,
    run: (operation, request, respond) =>
      withService(request, respond, (service) => service.run(operation, request, respond)),
    runNamed: (nameOf, request, respond) =>
      withService(request, respond, (service) => service.runNamed(nameOf, request, respond)),
    runUnsigned: (operation, request, respond) =>
      withService(request, respond, (service) => service.runUnsigned(operation, request, respond)),
    runForwarded: (operation, request, forwarded, respond) =>
      withService(request, respond, (service) => service.runForwarded(operation, request, forwarded, respond)),
    refuse: (refused, operation, request, respond) =>
      withService(request, respond, (service) => service.refuse(refused, operation, request, respond)),
  }
}
