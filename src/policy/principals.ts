/**
 * Whom a Principal element means ("AWS JSON policy elements: Principal", IAM User Guide). Names are compared whole, exactly
 * as they stand: there are no wildcards but `*` for everybody.
 */
import type { PrincipalElement } from './document.ts'
import type { PrincipalNames, SubjectKind } from './names.ts'

/**
 * How an element means the caller. Direct: by its own name, or as everybody. Entity: by the role or user behind its session.
 * Account: by its account, which leaves it to the account's own policies. A higher level is a closer one.
 */
export type Level = 'direct' | 'entity' | 'account'

/** The caller, as elements are compared with it. */
export interface Principal {
  readonly names: PrincipalNames
  readonly root: boolean
  /** Under which member of a Principal element the caller's names stand. */
  readonly under: 'aws' | 'service' | 'federated'
}

export interface PrincipalMatcher {
  readonly any: boolean
  readonly aws: ReadonlySet<string>
  readonly service: ReadonlySet<string>
  readonly federated: ReadonlySet<string>
}

/** `trust`: in a role's trust policy, where the caller can be whom an identity provider vouches for. */
export function principalOf(
  { kind, names }: { readonly kind: SubjectKind; readonly names: PrincipalNames },
  trust: boolean,
): Principal {
  const federated = trust && kind !== 'service' && names.direct.some((name) => identityProvider.test(name))
  return { names, root: kind === 'root', under: kind === 'service' ? 'service' : federated ? 'federated' : 'aws' }
}

const identityProvider = /^arn:[^:]*:iam::[^:]*:(?:oidc|saml)-provider\//

export function compilePrincipal(element: PrincipalElement): PrincipalMatcher {
  return {
    any: element.any,
    aws: new Set(element.aws),
    service: new Set(element.service),
    federated: new Set(element.federated),
  }
}

/** The closest level at which `matcher` means the caller; undefined: not at all. */
export function levelOf(matcher: PrincipalMatcher, { names, root, under }: Principal): Level | undefined {
  const { direct, entity, account } = names
  // Whom an identity provider vouches for is no principal of any account yet: everybody does not include the world.
  if (matcher.any && under !== 'federated' && direct.length > 0) return 'direct'
  const listed = matcher[under]
  if (listed.size === 0) return undefined
  if (includesOne(listed, direct)) return 'direct'
  if (includesOne(listed, entity)) return 'entity'
  if (includesOne(listed, account)) return root ? 'direct' : 'account'
  return undefined
}

/** Does a Deny with this Principal element mean the caller? Any name will do. */
export function meansForDeny(matcher: PrincipalMatcher, principal: Principal): boolean {
  return matcher.any || levelOf(matcher, principal) !== undefined
}

/**
 * Does NotPrincipal with this element exempt the caller? Only when every member of its chain is listed: the account, what
 * stands behind the session, and the session or user itself.
 */
export function exempts(matcher: PrincipalMatcher, { names, under, root }: Principal): boolean {
  if (matcher.any) return true
  const listed = matcher[under]
  // The root user is its account, in whichever form the account is listed.
  const chain = root ? [names.account] : [names.direct, names.entity, names.account]
  return chain.every((level) => level.length === 0 || includesOne(listed, level))
}

function includesOne(listed: ReadonlySet<string>, names: readonly string[]): boolean {
  for (const name of names) if (listed.has(name)) return true
  return false
}
