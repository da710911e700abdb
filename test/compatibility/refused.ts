/** What operations refuse by name because this version does not support it, found by asking their declarations. */
import { isRefusal } from '#aws/errors.ts'
import type { Members } from '#aws/operation.ts'
import { keySpecs } from '#crypto/key-specs.ts'
import type { KmsOperation } from '#kms/operation.ts'
import { operations } from '#kms/service.ts'

const laterVersion = /is not supported by this version of Trent\.$/

/** e.g. `CreateKey`: `MultiRegion`, `Origin AWS_CLOUDHSM` */
export interface RefusedByName {
  readonly operation: string
  readonly members: readonly string[]
}

export function refusedByName(): readonly RefusedByName[] {
  return Object.values(operations)
    .map((declared) => ({
      operation: declared.name,
      members: [
        ...declared.refuses,
        ...Object.entries(declared.input).flatMap(([member, field]) =>
          field.kind === 'enum'
            ? field.values
                .filter((value) => isUnserved(declared, { ...neededBy(member, value), [member]: value }))
                .map((value) => `${member} ${value}`)
            : [],
        ),
      ],
    }))
    .filter(({ members }) => members.length > 0)
}

/** Members without which a value is refused for another reason: of a key spec, a usage that it has. */
function neededBy(member: string, value: string): Members {
  const spec = Object.entries(keySpecs).find(([name]) => name === value && /KeySpec$/.test(member))?.[1]
  const [usage] = Object.keys(spec?.usages ?? {})
  return usage === undefined ? {} : { KeyUsage: usage }
}

function isUnserved(declared: KmsOperation, input: Members): boolean {
  const refused = declared.check(input)
  return isRefusal(refused) && laterVersion.test(refused.message ?? '')
}
