/**
 * Lists page by page: `Limit` and `Marker` in, `Truncated` and `NextMarker` out, the same for all of them.
 *
 * A marker names the last item of its page and carries a digest of the operation, of what was listed and of that item, so
 * that one of another list, or one that was cut or edited, is told apart. It is no secret and grants nothing: who forges one
 * begins somewhere else in a list that authorization let him read anyway.
 */
import { refusal, type Refusal } from '#aws/errors.ts'
import { sha256Hex } from '#crypto/hmac.ts'

/** The members that all lists have in common. */
interface PageRequest {
  readonly Limit?: number | undefined
  readonly Marker?: string | undefined
}

/** Where a page begins and how long it may be. */
export interface Page<T> {
  readonly limit: number
  /** The last item of the page before; undefined on the first page. */
  readonly last: T | undefined
  /** What is listed, e.g. the ARN of the key whose tags these are. */
  readonly of: string
}

/** The members that say whether there is more. */
export interface PageEnd {
  readonly Truncated: boolean
  readonly NextMarker?: string
}

type RefuseMarker = (code: 'InvalidMarkerException', message: string) => never

const digestLength = 16

export class Paging {
  readonly #operation: string
  readonly #defaultLimit: number
  readonly #maxLimit: number

  /** `maxLimit` is the operation's own: the model allows 1,000 everywhere. */
  constructor(operation: string, limits: { readonly defaultLimit: number; readonly maxLimit: number }) {
    this.#operation = operation
    this.#defaultLimit = limits.defaultLimit
    this.#maxLimit = limits.maxLimit
  }

  /** Refuses a limit that the model allows and this operation does not. Unverified wording: that of the model's own rule. */
  check({ Limit }: PageRequest): Refusal | undefined {
    if (Limit === undefined || Limit <= this.#maxLimit) return undefined
    return refusal(
      'ValidationException',
      `1 validation error detected: Value '${Limit}' at 'limit' failed to satisfy constraint: ` +
        `Member must have value less than or equal to ${this.#maxLimit}`,
    )
  }

  /** The page that a request asks for; `parse` reads the item that its marker names. */
  start<T>(
    { Limit = this.#defaultLimit, Marker }: PageRequest,
    of: string,
    parse: (item: string) => T | undefined,
    fail: RefuseMarker,
  ): Page<T> {
    if (Marker === undefined) return { limit: Limit, last: undefined, of }
    const text = Buffer.from(Marker, 'base64url').toString('utf8')
    const item = text.slice(digestLength)
    // Comparing with the marker as it would have been made leaves no other spelling of it.
    const last = this.#marker(of, item) === Marker ? parse(item) : undefined
    // Unverified wording.
    return last === undefined ? fail('InvalidMarkerException', 'The marker is not valid.') : { limit: Limit, last, of }
  }

  /** The items of `page` among `found`, which holds one more than the limit when there are more; `name` is the marker's. */
  end<T>(page: Page<unknown>, found: readonly T[], name: (item: T) => string): readonly [readonly T[], PageEnd] {
    if (found.length <= page.limit) return [found, { Truncated: false }]
    const items = found.slice(0, page.limit)
    const last = items.at(-1)
    if (last === undefined) return [items, { Truncated: false }]
    return [items, { Truncated: true, NextMarker: this.#marker(page.of, name(last)) }]
  }

  #marker(of: string, item: string): string {
    const digest = sha256Hex(JSON.stringify([this.#operation, of, item])).slice(0, digestLength)
    return Buffer.from(digest + item, 'utf8').toString('base64url')
  }
}
