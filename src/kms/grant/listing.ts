/** Grants as ListGrants and ListRetirableGrants show them. */
import { refusal, type Refusal } from '#aws/errors.ts'
import { keyArn } from '#base/arn.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { GrantPrincipal, GrantRecord } from '#records/grant.ts'
import { GrantOperation, type GrantConstraintsType, type GrantListEntry } from './members.ts'

/**
 * Refuses a filter by service principal, which only service principals may use, and which excludes the one by principal.
 * Unverified wordings.
 */
export function refuseServiceFilter(
  member: string,
  service: string | undefined,
  principal: string | undefined,
): Refusal | undefined {
  if (service === undefined) return undefined
  const other = member.replace('Service', '')
  return principal === undefined
    ? refusal('ValidationException', `${member} can be specified only by AWS service principals.`)
    : refusal('ValidationException', `You can specify either ${other} or ${member}, but not both.`)
}

/** The entries of `grants`, in their order. */
export function grantEntries(
  grants: readonly GrantRecord[],
  principals: PrincipalDirectory,
): MaybeAsync<readonly GrantListEntry[]> {
  return grants.reduce<MaybeAsync<readonly GrantListEntry[]>>(
    (entries, grant) => after(entries, (before) => after(grantEntry(grant, principals), (entry) => [...before, entry])),
    [],
  )
}

/** A principal that is gone shows its unique id, as on AWS. */
function grantEntry(grant: GrantRecord, principals: PrincipalDirectory): MaybeAsync<GrantListEntry> {
  return after(shown(grant.grantee, principals), (grantee) =>
    after(shown(grant.retiring, principals), (retiring) => {
      const constraints = shownConstraints(grant)
      return {
        KeyId: keyArn(grant.region, grant.account, grant.keyId),
        GrantId: grant.grantId,
        Name: grant.name,
        CreationDate: new Date(grant.creationDate),
        ...(grant.grantee.kind === 'AWS' ? { GranteePrincipal: grantee } : { GranteeServicePrincipal: grantee }),
        ...(grant.retiring?.kind === 'Service'
          ? { RetiringServicePrincipal: retiring }
          : { RetiringPrincipal: retiring }),
        IssuingAccount: grant.issuingAccount,
        Operations: grant.operations.filter(isGrantOperation),
        ...(constraints === undefined ? {} : { Constraints: constraints }),
      }
    }),
  )
}

function shown(principal: GrantPrincipal | undefined, principals: PrincipalDirectory): MaybeAsync<string | undefined> {
  if (principal === undefined || principal.kind === 'Service') return principal?.name
  return principals.shownName(principal.name)
}

function shownConstraints(grant: GrantRecord): GrantConstraintsType | undefined {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = grant
  if (equals === undefined && subset === undefined && sourceArn === undefined) return undefined
  return {
    ...(equals === undefined ? {} : { EncryptionContextEquals: new Map(equals) }),
    ...(subset === undefined ? {} : { EncryptionContextSubset: new Map(subset) }),
    ...(sourceArn === undefined ? {} : { SourceArn: sourceArn }),
  }
}

function isGrantOperation(name: string): name is GrantOperation {
  return GrantOperation.values.some((operation) => operation === name)
}
