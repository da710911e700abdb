/** Which service and operation a request is for, told by its headers alone: nothing of an unsigned body is read for it. */

import { Recent } from '#base/recent.ts'

/** Headers that routing looks at, from one pass over the raw ones. */
export interface RoutingHeaders {
  readonly target: string | undefined
  readonly contentType: string | undefined
}

export type Route =
  | { readonly kind: 'health'; readonly check: 'live' | 'ready' }
  | { readonly kind: 'metrics' }
  /** `X-Amz-Target: <prefix>.<operation>` */
  | { readonly kind: 'aws-json'; readonly prefix: string; readonly operation: string }
  /** AWS Query: form body or presigned GET; the credential scope names the service. */
  | { readonly kind: 'aws-query' }
  | { readonly kind: 'wrong content type' }
  | { readonly kind: 'unknown' }

const json = 'application/x-amz-json-1.1'
const form = 'application/x-www-form-urlencoded'

export function routeOf(method: string, path: string, query: string, headers: RoutingHeaders): Route {
  if (method === 'POST' && path === '/') {
    const { target, contentType } = headers
    if (target !== undefined) return isType(contentType, json) ? targeted(target) : { kind: 'wrong content type' }
    if (isType(contentType, form)) return { kind: 'aws-query' }
    return isType(contentType, json) || contentType === undefined ? { kind: 'unknown' } : { kind: 'wrong content type' }
  }
  // Load balancers ask with either.
  if (method === 'GET' || method === 'HEAD') {
    if (path === '/health/live') return { kind: 'health', check: 'live' }
    if (path === '/health/ready') return { kind: 'health', check: 'ready' }
  }
  if (method === 'GET') {
    if (path === '/metrics') return { kind: 'metrics' }
    if (path === '/' && query !== '') return { kind: 'aws-query' }
  }
  return { kind: 'unknown' }
}

// Clients ask for the same few operations.
const recentTargets = new Recent<Route>(8)
const longestKept = 128

function targeted(target: string): Route {
  const recent = recentTargets.get(target)
  if (recent !== undefined) return recent
  const dot = target.lastIndexOf('.')
  if (dot < 0) return { kind: 'unknown' }
  const route: Route = { kind: 'aws-json', prefix: target.slice(0, dot), operation: target.slice(dot + 1) }
  if (target.length <= longestKept) recentTargets.set(target, route)
  return route
}

/** Compares a media type, whatever parameters (charset) follow it. */
function isType(contentType: string | undefined, expected: string): boolean {
  if (contentType === expected) return true
  if (contentType === undefined) return false
  const semicolon = contentType.indexOf(';')
  const type = semicolon < 0 ? contentType : contentType.slice(0, semicolon)
  return type.trim().toLowerCase() === expected
}
