/**
 * The rules of tags ("Tags for IAM resources", IAM User Guide): at most 50, keys differ in more than case and keep the one
 * they were set with, `aws:` is reserved.
 */
import type { Tag } from '#records/key.ts'
import { pageOf, type PageEnd } from '../paging.ts'
import { foldCase } from '#policy/fold.ts'

const tagsPerEntity = 50

/** A tag as IAM spells it. */
export interface WireTag {
  readonly Key: string
  readonly Value: string
}

type RefuseTags = (code: 'InvalidInputException' | 'LimitExceededException', message: string) => never

/** `existing` with the tags of one request: values replaced where they stood, new ones behind. */
export function mergeTags(existing: readonly Tag[], added: readonly WireTag[], fail: RefuseTags): readonly Tag[] {
  const keys = new Set(added.map(({ Key }) => foldCase(Key)))
  if (keys.size < added.length) {
    fail('InvalidInputException', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.')
  }
  // Unverified wording.
  if ([...keys].some((key) => key.startsWith('aws:'))) {
    fail('InvalidInputException', 'Tag keys beginning with aws: are reserved for system use.')
  }
  const merged = new Map(existing.map((tag) => [foldCase(tag.TagKey), tag]))
  for (const { Key, Value } of added) merged.set(foldCase(Key), { TagKey: Key, TagValue: Value })
  if (merged.size > tagsPerEntity) fail('LimitExceededException', `Cannot exceed quota for Tags: ${tagsPerEntity}`)
  return [...merged.values()]
}

/** `existing` without those of `keys`. */
export function withoutTags(existing: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const removed = new Set(keys.map((key) => foldCase(key)))
  return existing.filter(({ TagKey }) => !removed.has(foldCase(TagKey)))
}

/** As IAM answers them. */
export function wireTags(tags: readonly Tag[]): readonly WireTag[] {
  return tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }))
}

interface ListRequest {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

/** The page of an entity's tags that `request` asks for, by key. */
export function pageOfTags(
  operation: string,
  entity: { readonly id: string; readonly tags: readonly Tag[] },
  request: ListRequest,
): PageEnd & { readonly Tags: readonly WireTag[] } {
  const listing = { operation, of: [entity.id] }
  const [page, end] = pageOf(listing, request, wireTags(entity.tags), ({ Key }) => foldCase(Key))
  return { Tags: page, ...end }
}
