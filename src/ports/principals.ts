import type { MaybeAsync } from '#base/maybe-async.ts'

/**
 * Principals between how people name them and how they are stored: users and roles by unique id (policy/subject.ts), so that
 * a deleted principal shows its id and a recreated namesake gets nothing.
 */
export interface PrincipalDirectory {
  /**
   * The stored name of the principal that `given` means: an ARN of a user, role, role session, federated user or root user,
   * twelve digits, or a unique id of one that exists. Undefined when there is no such principal.
   */
  storedName(given: string): MaybeAsync<string | undefined>
  /** The ARN that `stored` has now; `stored` itself when its principal is gone, or was no id. */
  shownName(stored: string): MaybeAsync<string>
}
