/** From a route to the service that runs the request. */
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import { formParameter } from '#aws/query-decode.ts'
import type { BoundService } from '#gateway/bound-service.ts'
import { formOf, type Answer, type IncomingRequest } from '#gateway/request.ts'
import type { Route } from './routes.ts'
import { scopedService } from './scope.ts'

/** Answers a request under the name that it is counted by. */
export type RespondAs = (operation: string, answer: Answer) => void

/** Hands a request to its service; what no service takes is turned away. */
export type Dispatch = (
  route: Route,
  request: IncomingRequest,
  respond: RespondAs,
  turnAway: (refused: Refusal) => void,
) => void

const serialization = refusal('SerializationException')
const unknownOperation = refusal('UnknownOperationException')
const missingAction = refusal('MissingAction', 'Missing Action')

// Of what a client sent, answers and the security log repeat this much.
const longestRepeated = 128

export function dispatcher(services: readonly BoundService[]): Dispatch {
  const jsonServices = new Map<string, BoundService>()
  const queryServices = new Map<string, BoundService>()
  for (const service of services) {
    if (service.protocol.kind === 'aws-json') jsonServices.set(service.protocol.targetPrefix, service)
    else queryServices.set(service.name, service)
  }
  // Who signed nothing, or for a service that has no Query protocol here, is told so by the first that has.
  const [firstQueryService] = queryServices.values()

  function dispatch(
    route: Route,
    request: IncomingRequest,
    respond: RespondAs,
    turnAway: (refused: Refusal) => void,
  ): void {
    if (route.kind === 'aws-json') {
      const service = jsonServices.get(route.prefix)
      if (service === undefined) {
        turnAway(unknownOperation)
        return
      }
      const { operation } = route
      if (service.has(operation)) {
        service.run(operation, request, (answer) => respond(operation, answer))
        return
      }
      const named = operation.slice(0, longestRepeated)
      service.refuse(unknownOperation, named, request, (answer) => respond('unknown', answer))
      return
    }
    if (route.kind === 'aws-query') {
      if (isUnsigned(request)) {
        const found = unsignedOperation(queryServices.values(), request)
        if (found !== undefined) {
          const { service, operation } = found
          service.runUnsigned(operation, request, (answer) => respond(operation, answer))
          return
        }
      }
      const scoped = scopedService(request)
      const service = (scoped === undefined ? undefined : queryServices.get(scoped)) ?? firstQueryService
      if (service === undefined) turnAway(unknownOperation)
      else runQuery(service, request, respond)
      return
    }
    turnAway(route.kind === 'wrong content type' ? serialization : unknownOperation)
  }

  return dispatch
}

/** Whether a request carries no signature at all, right or wrong. */
function isUnsigned({ rawHeaders, query }: IncomingRequest): boolean {
  if (/[?&]?X-Amz-(?:Algorithm|Signature)=/i.test(query)) return false
  return !rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization')
}

/** The one thing that is read of a body that nobody signed: whether it names an operation that is not signed. */
function unsignedOperation(
  services: Iterable<BoundService>,
  request: IncomingRequest,
): { readonly service: BoundService; readonly operation: string } | undefined {
  if (request.method !== 'POST') return undefined
  const form = formOf(request)
  const operation = formParameter(form, 'Action')
  if (operation === undefined) return undefined
  for (const service of services) {
    const { protocol } = service
    if (protocol.kind !== 'aws-query' || formParameter(form, 'Version') !== protocol.version) continue
    if (service.isUnsigned(operation)) return { service, operation }
  }
  return undefined
}

/** The operation stands in the form, which nobody reads before its signature was verified. */
function runQuery(service: BoundService, request: IncomingRequest, respond: RespondAs): void {
  let countedAs = 'unknown'
  const nameOf = (verified: IncomingRequest): string | Refusal => {
    const named = operationIn(service, formOf(verified))
    if (!isRefusal(named)) countedAs = named
    return named
  }
  service.runNamed(nameOf, request, (answer) => respond(countedAs, answer))
}

function operationIn(service: BoundService, form: URLSearchParams): string | Refusal {
  const { protocol } = service
  const action = formParameter(form, 'Action')
  const version = formParameter(form, 'Version')
  if (action === undefined) return missingAction
  if (service.has(action) && protocol.kind === 'aws-query' && version === protocol.version) return action
  const named = action.slice(0, longestRepeated)
  const spoken = version?.slice(0, longestRepeated) ?? 'NO_VERSION_SPECIFIED'
  return refusal('InvalidAction', `Could not find operation ${named} for version ${spoken}`)
}
