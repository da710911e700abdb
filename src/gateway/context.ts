/**
 * The request context of one target: the global condition keys ("AWS global condition context keys", IAM User Guide), those
 * of the caller, and those that the operation supplies. Nothing is computed before a policy asks for it.
 */
import type { ErasedTarget, Members, RequestFacts, ResourceFacts } from '#aws/operation.ts'
import type { ContextValue, RequestContext } from '#policy/context.ts'
import type { IncomingRequest } from './request.ts'

/** What of the request and its resource conditions may ask about. */
export class CallContext<P> implements RequestContext {
  readonly #request: IncomingRequest
  readonly #facts: RequestFacts
  readonly #target: ErasedTarget<P>
  readonly #resource: unknown
  readonly #described: ResourceFacts
  readonly #input: Members

  constructor(
    request: IncomingRequest,
    facts: RequestFacts,
    target: ErasedTarget<P>,
    resource: unknown,
    described: ResourceFacts,
    input: Members,
  ) {
    this.#request = request
    this.#facts = facts
    this.#target = target
    this.#resource = resource
    this.#described = described
    this.#input = input
  }

  value(key: string): ContextValue {
    const supplied = this.#target.condition?.(key, this.#resource, this.#input, this.#facts)
    if (supplied !== undefined || !key.startsWith('aws:')) return supplied ?? this.#facts.caller.context.value(key)
    return globalKey(key, this.#request, this.#facts, this.#described) ?? this.#facts.caller.context.value(key)
  }
}

function globalKey(
  key: string,
  request: IncomingRequest,
  facts: RequestFacts,
  resource: ResourceFacts,
): string | readonly string[] | undefined {
  const { endpoint } = request
  switch (key) {
    // A request through a private endpoint has no public address ("aws:SourceIp").
    case 'aws:sourceip':
      return endpoint === undefined && facts.viaService === undefined ? request.sourceIp : undefined
    case 'aws:vpcsourceip':
      return endpoint === undefined ? undefined : request.sourceIp
    case 'aws:sourcevpce':
      return endpoint?.id
    case 'aws:sourcevpc':
      return endpoint?.vpc
    case 'aws:currenttime':
      return new Date(facts.now).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(facts.now / 1000))
    case 'aws:securetransport':
      return request.tlsDetails === undefined ? 'false' : 'true'
    case 'aws:useragent':
      return headerIn(request.rawHeaders, 'user-agent')
    case 'aws:requestedregion':
      return facts.region
    case 'aws:resourceaccount':
      return resource.account
    case 'aws:viaawsservice':
      return facts.viaService === undefined ? 'false' : 'true'
    case 'aws:calledvia':
    case 'aws:calledviafirst':
    case 'aws:calledvialast':
      return calledVia(facts.viaService)
    default:
      return undefined
  }
}

/** `s3.us-east-1.amazonaws.com` is the service principal `s3.amazonaws.com`. */
function calledVia(viaService: string | undefined): string | undefined {
  return viaService === undefined ? undefined : `${viaService.slice(0, viaService.indexOf('.'))}.amazonaws.com`
}

function headerIn(rawHeaders: readonly string[], wanted: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === wanted) return rawHeaders[index + 1]
  }
  return undefined
}
