/**
 * The request context that conditions and policy variables read (IAM User Guide, "The request context"). Keys are compared
 * without regard to case; they are asked for in lower case, the part behind `kms:EncryptionContext:` included.
 */

/** One value, several (a multivalued key), or undefined: the key is not in the context. */
export type ContextValue = string | readonly string[] | undefined

/**
 * The value of a key of which nobody can say what it is: a request can bring names that differ in case only. A condition on it
 * allows nothing, and denies. Who sends this text itself gains no more.
 */
export const ambiguous = '\u0000'

/** Values are computed only when a policy asks for them. */
export interface RequestContext {
  /** The value of `key`, which is in lower case. */
  value(key: string): ContextValue
}
