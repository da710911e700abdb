import { rootArn } from '#aws/arn.ts'
import type { Place } from '#records/key.ts'

/** The name of the one policy that a key has. */
export const defaultPolicyName = 'default'

/**
 * The key policy of a key that was created without one: the account's own policies decide (Developer Guide, "Default key
 * policy"). To the space what GetKeyPolicy returns at AWS, because tools compare it as text.
 */
export function defaultKeyPolicy({ region, account }: Place): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "${rootArn(region, account)}"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}
