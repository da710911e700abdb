/** What a grant allows ("Grants in AWS KMS" and "Using grant constraints", KMS Developer Guide). */
import type { RequestContext } from './context.ts'
import type { Grant, GrantConstraints } from './grant.ts'
import type { GrantUse } from './question.ts'

type Pairs = ReadonlyMap<string, string>

/** Does `grant` allow what is asked, to whomever it is given? */
export function allowsUse(grant: Grant, use: GrantUse, context: RequestContext): boolean {
  const { operation } = use
  if (!grant.operations.includes(operation)) return false
  // Who may retire a grant need not know what it was constrained to.
  if (operation === 'RetireGrant') return true
  const { constraints } = grant
  if (constraints.sourceArn !== undefined && context.value('aws:sourcearn') !== constraints.sourceArn) return false
  if (operation === 'DescribeKey') return true
  if (operation !== 'CreateGrant') return holdsFor(constraints, use.encryptionContext ?? noPairs)
  // A grant made by means of a grant allows no more than its parent: the constraints bind it, not the request that makes it.
  return (
    use.child !== undefined &&
    use.child.operations.every((one) => grant.operations.includes(one)) &&
    atLeastAsStrict(use.child.constraints, constraints)
  )
}

const noPairs: Pairs = new Map()

function holdsFor({ encryptionContextEquals, encryptionContextSubset }: GrantConstraints, given: Pairs): boolean {
  if (encryptionContextEquals !== undefined && !equal(encryptionContextEquals, given)) return false
  return encryptionContextSubset === undefined || within(encryptionContextSubset, given)
}

function atLeastAsStrict(child: GrantConstraints, parent: GrantConstraints): boolean {
  if (parent.sourceArn !== undefined && child.sourceArn !== parent.sourceArn) return false
  if (parent.encryptionContextEquals !== undefined) {
    const pairs = child.encryptionContextEquals
    if (pairs === undefined || !equal(parent.encryptionContextEquals, pairs)) return false
  }
  if (parent.encryptionContextSubset === undefined) return true
  const pairs = child.encryptionContextEquals ?? child.encryptionContextSubset
  return pairs !== undefined && within(parent.encryptionContextSubset, pairs)
}

function equal(one: Pairs, other: Pairs): boolean {
  return one.size === other.size && within(one, other)
}

/** Are all pairs of `part` in `whole`? */
function within(part: Pairs, whole: Pairs): boolean {
  for (const [key, value] of part) if (whole.get(key) !== value) return false
  return true
}
