/** What KMS demands of a key policy ("Key policies in AWS KMS", Developer Guide; PutKeyPolicy, API Reference). */
import { parseArn } from '#base/arn.ts'
import { isPolicyProblem, parsePolicy, type PrincipalElement, type Statement } from './document.ts'
import { actionProblem, isServicePrincipal } from './element-rules.ts'
import { malformed, syntaxErrorsAt, type PolicyFault } from './policy-fault.ts'
import { refuseKeyPolicySize } from './policy-size.ts'
import { foldCase } from './fold.ts'

// As the service model's pattern of policies.
const allowedCharacters = /^[\u0009\u000a\u000d\u0020-\u00ff]*$/

const invalidPrincipals = malformed('Policy contains a statement with one or more invalid principals.')
const noPrincipal = malformed('Policy contains a statement with no principal.')

/**
 * Why KMS refuses `text` as a key policy, or undefined. `known` are the principals of kind AWS that exist, as the text names
 * them (stored-principals.ts). A statement without actions or resources is accepted and has no effect.
 */
export function validateKeyPolicy(text: string, known: { has(given: string): boolean }): PolicyFault | undefined {
  const large = refuseKeyPolicySize(text)
  if (large !== undefined) return large
  if (!allowedCharacters.test(text)) return syntaxErrorsAt({ problem: 'a character is not allowed' })
  const document = parsePolicy(text)
  if (isPolicyProblem(document)) return syntaxErrorsAt(document)
  const { statements } = document
  if (statements.length === 0) return syntaxErrorsAt({ problem: 'the list is empty', at: 'Statement' })
  return (
    first(statements, refuseMissingPrincipal) ??
    first(statements, refuseElements) ??
    first(statements, refuseConditions) ??
    first(statements, (statement) => refusePrincipals(statement, known))
  )
}

function first(
  statements: readonly Statement[],
  refuse: (statement: Statement) => PolicyFault | undefined,
): PolicyFault | undefined {
  for (const statement of statements) {
    const fault = refuse(statement)
    if (fault !== undefined) return fault
  }
  return undefined
}

function refuseMissingPrincipal({ principal, notPrincipal }: Statement): PolicyFault | undefined {
  const named = principal ?? notPrincipal
  return named === undefined || isEmpty(named) ? noPrincipal : undefined
}

const isEmpty = ({ any, aws, service, federated }: PrincipalElement): boolean =>
  !any && aws.length + service.length + federated.length === 0

// KMS's words for the first are not published, they are IAM's; those for an ARN are the ones it has for parameters.
function refuseElements(statement: Statement): PolicyFault | undefined {
  for (const action of statement.actions ?? statement.notActions ?? []) {
    const problem = actionProblem(action)
    if (problem !== undefined) return malformed(problem)
  }
  for (const resource of statement.resources ?? statement.notResources ?? []) {
    if (resource !== '*' && parseArn(resource) === undefined) {
      return { code: 'InvalidArnException', message: `Invalid arn ${resource}` }
    }
  }
  return undefined
}

/**
 * ForAllValues holds when there is no value at all: on a key that has one value it allows what its author meant to exclude
 * ("AWS KMS condition keys", Developer Guide). The guide has the wording for encryption contexts; that for tags is after it.
 */
function refuseConditions({ conditions }: Statement): PolicyFault | undefined {
  for (const { operator, key } of conditions) {
    if (operator.set !== 'ForAllValues') continue
    const wanted = foldCase(key)
    if (wanted.startsWith('kms:encryptioncontext:')) return overlyPermissive('EncryptionContext', 'encryption context')
    if (wanted.startsWith('aws:requesttag/')) return overlyPermissive('RequestTag', 'tag')
  }
  return undefined
}

function overlyPermissive(kind: string, what: string): PolicyFault {
  return malformed(
    `OverlyPermissiveCondition:${kind}: Using the ForAllValues set operator with a single-valued condition key matches ` +
      `requests without the specified ${what} or with an unspecified ${what}. To fix, remove ForAllValues.`,
  )
}

function refusePrincipals(
  { principal, notPrincipal }: Statement,
  known: { has(given: string): boolean },
): PolicyFault | undefined {
  const named = principal ?? notPrincipal
  if (named === undefined) return undefined
  const valid =
    named.federated.length === 0 &&
    named.aws.every((given) => known.has(given)) &&
    named.service.every((name) => isServicePrincipal(name))
  return valid ? undefined : invalidPrincipals
}
