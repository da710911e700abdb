/**
 * Lists page by page: `MaxItems` and `Marker` in, `IsTruncated` and `Marker` out, the same for all of them.
 *
 * A marker names the last item of its page and carries a digest of the operation, of what was listed and of that item, so
 * that one of another list, or one that was cut or edited, is told apart. It is no secret and grants nothing: who forges one
 * begins somewhere else in a list that authorization let him read anyway.
 */
import { refusal, RefusalError } from '#aws/errors.ts'
import { sha256Hex } from '#crypto/hmac.ts'

interface PageRequest {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

/** The members that say whether there is more. */
export interface PageEnd {
  readonly IsTruncated: boolean
  readonly Marker?: string
}

/** What is listed: the operation, and of what (an account, a user's id, a filter). */
export interface Listing {
  readonly operation: string
  readonly of: readonly string[]
}

const defaultItems = 100
const digestLength = 16

/** The page of `items` that `request` asks for, in the order of their keys, which are unique. */
export function pageOf<T>(
  listing: Listing,
  request: PageRequest,
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly [readonly T[], PageEnd] {
  const last = lastOf(listing, request)
  const { MaxItems = defaultItems } = request
  const found = items
    .map((item) => ({ key: keyOf(item), item }))
    .filter(({ key }) => last === undefined || key > last)
    .sort((left, right) => (left.key < right.key ? -1 : 1))
  return cut(listing, MaxItems, found)
}

/**
 * The same of a list that is read from storage: `read` answers at most `limit` items behind the key `after`, ascending; only
 * those that `keep` accepts count.
 */
export async function pageFrom<T>(
  listing: Listing,
  request: PageRequest,
  read: (after: string | undefined, limit: number) => Promise<readonly T[]> | readonly T[],
  keyOf: (item: T) => string,
  keep: (item: T) => boolean = () => true,
): Promise<readonly [readonly T[], PageEnd]> {
  const { MaxItems = defaultItems } = request
  const found: { readonly key: string; readonly item: T }[] = []
  const limit = MaxItems + 1
  let after = lastOf(listing, request)
  for (;;) {
    const items = await read(after, limit)
    for (const item of items) {
      after = keyOf(item)
      if (keep(item)) found.push({ key: after, item })
    }
    if (items.length < limit || found.length > MaxItems) return cut(listing, MaxItems, found)
  }
}

function cut<T>(
  listing: Listing,
  limit: number,
  found: readonly { readonly key: string; readonly item: T }[],
): readonly [readonly T[], PageEnd] {
  const page = found.slice(0, limit)
  const items = page.map(({ item }) => item)
  const last = page.at(-1)
  if (found.length <= limit || last === undefined) return [items, { IsTruncated: false }]
  return [items, { IsTruncated: true, Marker: marker(listing, last.key) }]
}

function lastOf(listing: Listing, { Marker }: PageRequest): string | undefined {
  if (Marker === undefined) return undefined
  const key = Buffer.from(Marker, 'base64url').toString('utf8').slice(digestLength)
  // Comparing with the marker as it would have been made leaves no other spelling of it.
  if (marker(listing, key) === Marker) return key
  // Unverified wording.
  throw new RefusalError(refusal('ValidationException', 'Invalid Marker.'))
}

function marker({ operation, of }: Listing, key: string): string {
  const digest = sha256Hex(JSON.stringify([operation, of, key])).slice(0, digestLength)
  return Buffer.from(digest + key, 'utf8').toString('base64url')
}
