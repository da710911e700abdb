/** The condition keys that IAM supplies ("Actions, resources, and condition keys for AWS IAM", Service Authorization Reference). */
import type { ContextValue } from '#policy/context.ts'
import type { Tag } from '#records/key.ts'
import { foldCase } from '#policy/fold.ts'

/** What of a request conditions may ask about. */
export interface ConditionInput {
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined
  readonly TagKeys?: readonly string[] | undefined
  readonly PermissionsBoundary?: string | undefined
  readonly PolicyArn?: string | undefined
}

/** What of the resource they may ask about. */
export interface ConditionResource {
  readonly tags: readonly Tag[]
  readonly boundary: string | undefined
}

/** The names of the keys, as an operation declares them. */
export const entityConditions = [
  'aws:RequestTag',
  'aws:ResourceTag',
  'aws:TagKeys',
  'iam:PermissionsBoundary',
  'iam:PolicyARN',
  'iam:ResourceTag',
] as const

const requestTag = 'aws:requesttag/'
const resourceTags = ['iam:resourcetag/', 'aws:resourcetag/'] as const

/** The value of `key` (lower case). Tag keys of IAM differ in more than case. */
export function conditionValue(key: string, resource: ConditionResource, input: ConditionInput): ContextValue {
  switch (key) {
    case 'aws:tagkeys':
      return input.TagKeys ?? input.Tags?.map(({ Key }) => Key)
    // Of a request that sets one, the one that is to be.
    case 'iam:permissionsboundary':
      return input.PermissionsBoundary ?? resource.boundary
    case 'iam:policyarn':
      return input.PolicyArn
  }
  if (key.startsWith(requestTag)) {
    const name = key.slice(requestTag.length)
    return input.Tags?.find(({ Key }) => foldCase(Key) === name)?.Value
  }
  for (const prefix of resourceTags) {
    if (!key.startsWith(prefix)) continue
    const name = key.slice(prefix.length)
    return resource.tags.find(({ TagKey }) => foldCase(TagKey) === name)?.TagValue
  }
  return undefined
}
