/** Temporary credentials under the keys of this installation: made here, and opened by every worker without asking anybody. */
import { parseAccessKeyId, parseAccountId, type AccessKeyId } from '#base/brand.ts'
import { uniqueId } from '#base/unique-id.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { openToken, sealToken, sessionSecret, tokenRandomLength } from '#crypto/session-token.ts'
import type { Random } from '#ports/edge.ts'
import type { OpenedSession, Session, SessionIssuer, SessionPrincipal } from '#ports/sessions.ts'
import type { Tag } from '#records/key.ts'

export interface SoftwareSessions extends SessionIssuer {
  /** The session of a token that this installation has made; undefined for every other text. Whether it has ended is not judged. */
  open(token: string): OpenedSession | undefined
}

export function createSoftwareSessions(hierarchy: Hierarchy, random: Random): SoftwareSessions {
  return {
    issue: (session) => {
      const accessKeyId = newAccessKeyId(random)
      return {
        accessKeyId,
        secretAccessKey: sessionSecret(hierarchy, accessKeyId, session.issuedAt),
        sessionToken: sealToken(hierarchy, random.bytes(tokenRandomLength), encoded(accessKeyId, session)),
      }
    },
    open: (token) => {
      const content = openToken(hierarchy, token)
      const found = content === undefined ? undefined : decoded(JSON.parse(content))
      if (found === undefined) return undefined
      return { ...found, secretAccessKey: sessionSecret(hierarchy, found.accessKeyId, found.session.issuedAt) }
    },
  }
}

/** `ASIA` and sixteen characters, 80 random bits ("Unique identifiers", IAM User Guide). */
function newAccessKeyId(random: Random): AccessKeyId {
  const id = parseAccessKeyId(uniqueId('ASIA', random.bytes(16)))
  if (id === undefined) throw new Error('a new access key id is not one')
  return id
}

// Positions instead of names: clients send the token with each request. Their order is a format, which the version of the
// token names.
function encoded(accessKeyId: AccessKeyId, session: Session): string {
  const { account, principal, issuedAt, expiresAt, policies, tags, transitiveTagKeys, sourceIdentity, claims } = session
  return JSON.stringify([
    accessKeyId,
    account,
    principalParts(principal),
    issuedAt,
    expiresAt,
    policies === undefined ? null : [policies.documents, policies.arns],
    tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]),
    transitiveTagKeys,
    sourceIdentity ?? null,
    Object.entries(claims),
  ])
}

function principalParts(principal: SessionPrincipal): readonly (string | null)[] {
  switch (principal.kind) {
    case 'role':
      return ['role', principal.roleId, principal.sessionName]
    case 'user':
      return ['user', principal.userId]
    case 'root':
      return ['root']
    case 'federated':
      return ['federated', principal.userId ?? null, principal.name]
  }
}

/** The content is authentic; what has another form all the same was written by another version of this program. */
function decoded(content: unknown): Pick<OpenedSession, 'accessKeyId' | 'session'> | undefined {
  if (!isList(content) || content.length !== 10) return undefined
  const [id, owner, parts, issuedAt, expiresAt, passed, pairs, transitiveTagKeys, identity, entries] = content
  if (typeof id !== 'string' || typeof owner !== 'string') return undefined
  if (typeof issuedAt !== 'number' || typeof expiresAt !== 'number') return undefined
  const accessKeyId = parseAccessKeyId(id)
  const account = parseAccountId(owner)
  const principal = isList(parts) ? principalOf(parts) : undefined
  const policies = passed === null ? 'none' : policiesOf(passed)
  const tags = tagsOf(pairs)
  const claims = claimsOf(entries)
  if (accessKeyId === undefined || account === undefined || principal === undefined) return undefined
  if (policies === undefined || tags === undefined || claims === undefined || !isTexts(transitiveTagKeys))
    return undefined
  if (identity !== null && typeof identity !== 'string') return undefined
  const session: Session = {
    account,
    principal,
    issuedAt,
    expiresAt,
    policies: policies === 'none' ? undefined : policies,
    tags,
    transitiveTagKeys,
    sourceIdentity: identity ?? undefined,
    claims,
  }
  return { accessKeyId, session }
}

function principalOf([kind, first, second]: readonly unknown[]): SessionPrincipal | undefined {
  if (kind === 'root') return { kind }
  if (kind === 'user') return typeof first === 'string' ? { kind, userId: first } : undefined
  if (typeof second !== 'string') return undefined
  if (kind === 'role') return typeof first === 'string' ? { kind, roleId: first, sessionName: second } : undefined
  if (kind !== 'federated' || (first !== null && typeof first !== 'string')) return undefined
  return { kind, userId: first ?? undefined, name: second }
}

function policiesOf(passed: unknown): Session['policies'] {
  if (!isList(passed)) return undefined
  const [documents, arns] = passed
  return isTexts(documents) && isTexts(arns) ? { documents, arns } : undefined
}

function tagsOf(pairs: unknown): readonly Tag[] | undefined {
  if (!isList(pairs)) return undefined
  const tags: Tag[] = []
  for (const pair of pairs) {
    if (!isTexts(pair)) return undefined
    const [TagKey, TagValue] = pair
    if (TagKey === undefined || TagValue === undefined) return undefined
    tags.push({ TagKey, TagValue })
  }
  return tags
}

function claimsOf(entries: unknown): Session['claims'] | undefined {
  if (!isList(entries)) return undefined
  const claims = new Map<string, string | readonly string[]>()
  for (const entry of entries) {
    if (!isList(entry)) return undefined
    const [name, value] = entry
    if (typeof name !== 'string' || (typeof value !== 'string' && !isTexts(value))) return undefined
    claims.set(name, value)
  }
  return Object.fromEntries(claims)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
function isTexts(value: unknown): value is readonly string[] {
  return isList(value) && value.every((text) => typeof text === 'string')
}
