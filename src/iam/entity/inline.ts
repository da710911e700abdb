/** Policies embedded in users, groups and roles: the same for all three. */
import { refusal, RefusalError } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import type { PolicyFault } from '#policy/policy-fault.ts'
import { refuseInlineSize } from '#policy/policy-size.ts'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'
import type { Change } from '#records/change.ts'
import type { InlinePolicy } from '#records/iam.ts'
import { textKept } from '#records/policy-texts.ts'
import { pageOf, type PageEnd } from '../paging.ts'
import type { PrincipalResource } from './attachment.ts'
import { changesIn, existing, noSuchEntity } from './target.ts'

/** Throws `fault` as the refusal that it is; operations declare its code. */
export function refuseFault(fault: PolicyFault | undefined): void {
  if (fault !== undefined) throw new RefusalError(refusal(fault.code, fault.message))
}

/** What keeps the text of a policy for as long as the trail may speak of it. */
export function policyTextKept(text: string, { now }: Pick<RequestFacts, 'now'>): Change {
  return textKept(text, now)
}

/** A document as IAM answers it: percent-encoded as a whole (RFC 3986 section 2.1). */
export function encodedDocument(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (symbol) => `%${symbol.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Embeds a policy, or replaces the one of that name. */
export function putInline(
  resource: PrincipalResource,
  { PolicyName: name, PolicyDocument: document }: { readonly PolicyName: string; readonly PolicyDocument: string },
  facts: RequestFacts,
): readonly Change[] {
  const entity = existing(resource)
  refuseFault(validateIdentityPolicy(document))
  const put: InlinePolicy = { name, document }
  const replaces = entity.inline.some((policy) => policy.name === name)
  const inline = replaces
    ? entity.inline.map((policy) => (policy.name === name ? put : policy))
    : [...entity.inline, put]
  refuseFault(
    refuseInlineSize(
      entity.kind,
      entity.name,
      inline.map((policy) => policy.document),
    ),
  )
  return changesIn(resource, { kind: 'iam changed', entity: { ...entity, inline } }, policyTextKept(document, facts))
}

/** Name and document of an embedded policy. */
export function getInline(
  resource: PrincipalResource,
  { PolicyName }: { readonly PolicyName: string },
): { readonly entity: string; readonly PolicyName: string; readonly PolicyDocument: string } {
  const { name, document, of } = inlineNamed(resource, PolicyName)
  return { entity: of, PolicyName: name, PolicyDocument: encodedDocument(document) }
}

export function deleteInline(
  resource: PrincipalResource,
  { PolicyName }: { readonly PolicyName: string },
): readonly Change[] {
  inlineNamed(resource, PolicyName)
  const entity = existing(resource)
  const inline = entity.inline.filter(({ name }) => name !== PolicyName)
  return changesIn(resource, { kind: 'iam changed', entity: { ...entity, inline } })
}

interface ListRequest {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

interface PolicyNames extends PageEnd {
  readonly PolicyNames: readonly string[]
}

/** The page of names that `request` asks for. */
export function listInline(operation: string, resource: PrincipalResource, request: ListRequest): PolicyNames {
  const { id, inline } = existing(resource)
  const names = inline.map(({ name }) => name)
  const [page, end] = pageOf({ operation, of: [id] }, request, names, (name) => name)
  return { PolicyNames: page, ...end }
}

function inlineNamed(resource: PrincipalResource, name: string): InlinePolicy & { readonly of: string } {
  const entity = existing(resource)
  const found = entity.inline.find((policy) => policy.name === name)
  if (found !== undefined) return { ...found, of: entity.name }
  throw new RefusalError(noSuchEntity(`The ${entity.kind} policy with name ${name} cannot be found.`))
}
