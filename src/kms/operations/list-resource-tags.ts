/** ListResourceTags: the tags of a key in the order in which they were set. A key has no more than fit on one page. */
import { optional } from '#aws/shape.ts'
import { keyIn } from '../key/target.ts'
import { KeyIdType, LimitType, MarkerType, TagList, TruncatedType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { Paging } from '../paging.ts'

const paging = new Paging('ListResourceTags', { defaultLimit: 50, maxLimit: 50 })

export const ListResourceTags = readOperation({
  name: 'ListResourceTags',
  effect: 'read',
  input: { KeyId: KeyIdType, Limit: optional(LimitType), Marker: optional(MarkerType) },
  output: { Tags: TagList, NextMarker: optional(MarkerType), Truncated: TruncatedType },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ListResourceTags',
      aliases: false,
      crossAccount: false,
      states: 'any',
      usage: 'any',
    }),
  },
  check: (input) => paging.check(input),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'ListResourceTags',
  errors: ['InvalidArnException', 'InvalidMarkerException', 'KMSInternalException', 'NotFoundException'],
  audit: { readOnly: true, request: ['KeyId', 'Limit', 'Marker'], response: [] },
  handle({ targets: { key }, fail }, input) {
    const { tags } = key.record
    const page = paging.start(input, key.arn, parsePosition, fail)
    const from = page.last === undefined ? 0 : page.last + 1
    const found = tags.slice(from, from + page.limit + 1).map((tag, index) => ({ tag, position: from + index }))
    const [listed, end] = paging.end(page, found, ({ position }) => `${position}`)
    return { Tags: listed.map(({ tag }) => tag), ...end }
  },
})

// By position, because the tag at the end of a page may be gone when the next one is asked for.
function parsePosition(text: string): number | undefined {
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : undefined
}
