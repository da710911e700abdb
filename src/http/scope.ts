import type { IncomingRequest } from '#gateway/request.ts'

/**
 * The service that a request's credential scope claims to be for: enough to find who is to verify it, and believed by
 * nobody before that.
 */
export function scopedService(request: Pick<IncomingRequest, 'rawHeaders' | 'query'>): string | undefined {
  const { rawHeaders, query } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'authorization') continue
    return /Credential=[^,\s/]*\/[^,\s/]*\/[^,\s/]*\/([^,\s/]*)\//.exec(rawHeaders[index + 1] ?? '')?.[1]
  }
  const credential = new URLSearchParams(query).get('X-Amz-Credential')
  return credential?.split('/')[3]
}
