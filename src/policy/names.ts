/** How policies name callers. */

export type SubjectKind = 'root' | 'user' | 'role session' | 'federated user' | 'service'

/**
 * The names that match the caller in a Principal element, by level (what a level means: evaluate.ts). In stored policies
 * users and roles stand by their unique ids, so that a namesake of a deleted one gets nothing.
 */
export interface PrincipalNames {
  /** The caller itself: the unique id of a user, `<role id>:<session name>`, a federated user's ARN, a service's name. */
  readonly direct: readonly string[]
  /** What stands behind a session: the unique id of the role, or of the user who asked for a federation token. */
  readonly entity: readonly string[]
  /** The account: the root user's ARN and the twelve digits. Empty for service principals, which belong to no account. */
  readonly account: readonly string[]
}
