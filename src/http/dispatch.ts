/** From a route to the service that runs the request. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { formParameter } from '#aws/query-decode.ts'
import type { BoundService } from '#gateway/bound-service.ts'
import type { Answer, IncomingRequest } from '#gateway/request.ts'
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
const missingToken = refusal('MissingAuthenticationTokenException', 'Missing Authentication Token')

export function dispatcher(services: readonly BoundService[]): Dispatch {
  const jsonServices = new Map<string, BoundService>()
  const queryServices = new Map<string, BoundService>()
  const byVersion = new Map<string, BoundService>()
  for (const service of services) {
    if (service.protocol.kind === 'aws-json') jsonServices.set(service.protocol.targetPrefix, service)
    else {
      queryServices.set(service.name, service)
      byVersion.set(service.protocol.version, service)
    }
  }

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
      if (service.has(operation)) service.run(operation, request, (answer) => respond(operation, answer))
      else service.refuse(unknownOperation, operation.slice(0, 128), request, (answer) => respond('unknown', answer))
      return
    }
    if (route.kind === 'aws-query') {
      dispatchQuery(request, respond, turnAway)
      return
    }
    turnAway(route.kind === 'wrong content type' ? serialization : unknownOperation)
  }

  function dispatchQuery(request: IncomingRequest, respond: RespondAs, turnAway: (refused: Refusal) => void): void {
    const form = request.method === 'GET' ? request.query : request.body.toString('utf8')
    const version = formParameter(form, 'Version')
    // Who is named by nobody, or by a scope that no Query service has, is told so by the service whose API version it speaks.
    const scoped = scopedService(request)
    const service = (scoped === undefined ? undefined : queryServices.get(scoped)) ?? byVersion.get(version ?? '')
    if (service === undefined) {
      turnAway(scoped === undefined ? missingToken : unknownOperation)
      return
    }
    const { protocol } = service
    const operation = formParameter(form, 'Action')
    // The action stands in a body that nobody has signed yet: one that is no operation's name is not logged.
    const named = operation !== undefined && service.has(operation) ? operation : undefined
    const refuse = (refused: Refusal): void =>
      service.refuse(refused, named, request, (answer) => respond('unknown', answer))
    if (operation === undefined) refuse(refusal('MissingAction', 'Missing Action'))
    else if (!service.has(operation) || (protocol.kind === 'aws-query' && version !== protocol.version)) {
      refuse(
        refusal(
          'InvalidAction',
          `Could not find operation ${operation} for version ${version ?? 'NO_VERSION_SPECIFIED'}`,
        ),
      )
    } else service.run(operation, request, (answer) => respond(operation, answer))
  }

  return dispatch
}
