import { rootArn } from '#base/arn.ts'
import { parseGrantId } from '#base/brand.ts'
import { newGrant, refuseGrantOn, unknownPrincipal } from '#kms/grant/create.ts'
import type { GrantPrincipal } from '#records/grant.ts'
import type { KeyRecord } from '#records/key.ts'
import type { Planning } from './planning.ts'
import type { SeedGrant } from './seed.ts'

/** Adds the changes that bring the grants of `key`; one with the same name that says the same is there already. */
export async function planGrants(grants: readonly SeedGrant[], key: KeyRecord, planning: Planning): Promise<void> {
  const { reader, random, now, changes, problems } = planning
  const seen = new Set<string>()
  for (const { where, request } of grants) {
    const refused = refuseGrantOn(key, request)
    const grantee = await stored(request.GranteePrincipal, where, planning)
    const retiring = await stored(request.RetiringPrincipal, where, planning)
    if (refused !== undefined) problems.push(`${where}: ${refused.message ?? refused.code}`)
    if (refused !== undefined || grantee === undefined) continue
    const grantId = parseGrantId(random.bytes(32).toString('hex'))
    if (grantId === undefined) throw new TypeError('32 bytes in hex are no grant id')
    const issuingAccount = rootArn(key.region, key.account)
    const grant = newGrant(key, grantId, request, { grantee, retiring, issuingAccount }, now)
    const nameKey = grant.nameKey ?? ''
    if (seen.has(nameKey)) problems.push(`${where}: the same grant is there twice; remove one`)
    else if (reader.grantNamed(key, key.keyId, nameKey) === undefined) changes.push({ kind: 'grant added', grant })
    seen.add(nameKey)
  }
}

async function stored(
  given: string | undefined,
  where: string,
  { principals, problems }: Planning,
): Promise<GrantPrincipal | undefined> {
  if (given === undefined) return undefined
  const name = await principals.storedName(given)
  if (name !== undefined) return { name, given, kind: 'AWS' }
  problems.push(`${where}: ${unknownPrincipal(given).message ?? given}`)
  return undefined
}
