import { GrantOperation } from '#kms/grant/members.ts'
import type { GrantRequest } from '#kms/grant/create.ts'
import { refuseGrant } from '#kms/grant/create.ts'
import type { SeedGrant } from './seed.ts'
import type { Spot, SpotReader } from './spot.ts'

const namePattern = /^[a-zA-Z0-9:/_-]{1,256}$/
const words = ['name', 'grantee', 'retiring', 'operations', 'context-equals', 'context-subset'] as const

/** A grant of a key. It needs a name, by which it is recognised when the same seed comes again. */
export function readGrant(reader: SpotReader, spot: Spot): SeedGrant | undefined {
  const parts = reader.parts(spot, words)
  if (parts === undefined) return undefined
  for (const name of ['name', 'grantee', 'operations'] as const) {
    if (parts[name] === undefined) {
      reader.problem(spot, `a grant needs its ${name}; write ${name}:`)
      return
    }
  }
  const Name = reader.parsed(
    parts.name,
    (text) => (namePattern.test(text) ? text : undefined),
    'the name of a grant; write 1 to 256 letters, digits, ":", "/", "_" or "-"',
  )
  const GranteePrincipal = reader.text(parts.grantee)
  const RetiringPrincipal = reader.text(parts.retiring)
  const Operations = reader
    .items(parts.operations)
    .flatMap((each) => reader.choice(each, GrantOperation.values, 'grant operation') ?? [])
  const equals = parts['context-equals'] && contextIn(reader, parts['context-equals'])
  const subset = parts['context-subset'] && contextIn(reader, parts['context-subset'])
  const isWhole = Operations.length === reader.items(parts.operations).length
  if (Name === undefined || GranteePrincipal === undefined || !isWhole) return undefined
  const request: GrantRequest = {
    Name,
    GranteePrincipal,
    RetiringPrincipal,
    Operations,
    Constraints:
      equals === undefined && subset === undefined
        ? undefined
        : { EncryptionContextEquals: equals, EncryptionContextSubset: subset },
  }
  const refused = refuseGrant(request)
  if (refused !== undefined) {
    reader.problem(spot, refused.message ?? refused.code)
    return
  }
  return { where: reader.where(spot), request }
}

function contextIn(reader: SpotReader, spot: Spot): ReadonlyMap<string, string> {
  const pairs = reader.entries(spot).flatMap(([name, inside]): readonly (readonly [string, string])[] => {
    const text = inside.tree.kind === 'nothing' ? '' : reader.text(inside)
    return text === undefined ? [] : [[name, text]]
  })
  return new Map(pairs)
}
