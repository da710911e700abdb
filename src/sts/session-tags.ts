/** The tags of a new session: those of the request, and those that the calling session hands on ("Passing session tags"). */
import { foldCase } from '#policy/fold.ts'
import type { CallerSession } from '#policy/principal.ts'
import type { Session } from '#ports/sessions.ts'

/** A tag as STS spells it. */
export interface RequestTag {
  readonly Key: string
  readonly Value: string
}

export interface TagRequest {
  readonly Tags?: readonly RequestTag[] | undefined
  readonly TransitiveTagKeys?: readonly string[] | undefined
}

export type RefuseTags = (code: 'InvalidParameterValueException', message: string) => never

/**
 * The tags of the session, and which of them it hands on in turn: keys are compared without regard to case. What the calling
 * session hands on can't be set to anything else, and goes on being handed on.
 */
export function sessionTags(
  { Tags = [], TransitiveTagKeys = [] }: TagRequest,
  calling: CallerSession | undefined,
  refuse: RefuseTags,
): Pick<Session, 'tags' | 'transitiveTagKeys'> {
  const requested = new Set(Tags.map(({ Key }) => foldCase(Key)))
  if (requested.size < Tags.length) {
    refuse(
      'InvalidParameterValueException',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    )
  }
  const inherited = calling?.transitiveTags ?? []
  if (inherited.some(({ key }) => requested.has(foldCase(key)))) {
    refuse(
      'InvalidParameterValueException',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the " +
        'calling session.',
    )
  }
  if (!TransitiveTagKeys.every((key) => requested.has(foldCase(key)))) {
    refuse('InvalidParameterValueException', 'The specified transitive tag key must be included in the requested tags.')
  }
  return {
    tags: [
      ...inherited.map(({ key, value }) => ({ TagKey: key, TagValue: value })),
      ...Tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
    ],
    transitiveTagKeys: [...inherited.map(({ key }) => key), ...new Set(TransitiveTagKeys)],
  }
}

/** All tags that a request brings to its session, as the conditions `aws:RequestTag` and `aws:TagKeys` see them. */
export function broughtTags({ Tags = [] }: TagRequest, calling: CallerSession | undefined): readonly RequestTag[] {
  const inherited = calling?.transitiveTags ?? []
  return inherited.length === 0 ? Tags : [...inherited.map(({ key, value }) => ({ Key: key, Value: value })), ...Tags]
}
