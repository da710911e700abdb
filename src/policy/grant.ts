/** What the evaluator needs to know of a grant ("Grants in AWS KMS"). */

/** At most one of the two encryption context constraints. Keys and values are case-sensitive. */
export interface GrantConstraints {
  readonly encryptionContextEquals: ReadonlyMap<string, string> | undefined
  readonly encryptionContextSubset: ReadonlyMap<string, string> | undefined
  readonly sourceArn: string | undefined
}

export interface Grant {
  readonly grantId: string
  /** A name as in `PrincipalNames`: a unique id, a session's or federated user's name, an account's root ARN, a service. */
  readonly grantee: string
  readonly operations: readonly string[]
  readonly constraints: GrantConstraints
}
