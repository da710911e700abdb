/** The rules of tags (Developer Guide, "Tags in AWS KMS"): at most 50 per key, case-sensitive, `aws:` is reserved. */
import type { Tag } from '#records/key.ts'

const tagsPerKey = 50

type RefuseTags = (code: 'TagException', message: string) => never

/** `existing` with the tags of one request: values replaced where they stood, new ones behind. */
export function mergeTags(existing: readonly Tag[], added: readonly Tag[], fail: RefuseTags): readonly Tag[] {
  const values = new Map(added.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
  if (values.size < added.length) fail('TagException', 'Duplicate tag keys')
  const merged = new Map([...existing.map(({ TagKey, TagValue }) => [TagKey, TagValue] as const), ...values])
  if (merged.size > tagsPerKey) fail('TagException', 'Too many tags')
  if (added.some(({ TagKey }) => TagKey.toLowerCase().startsWith('aws:'))) {
    fail('TagException', 'Tags beginning with aws: are reserved')
  }
  return [...merged].map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
}

/** Whether both are the same tags in the same order. */
export function sameTags(left: readonly Tag[], right: readonly Tag[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ TagKey, TagValue }, index) => TagKey === right[index]?.TagKey && TagValue === right[index].TagValue)
  )
}
