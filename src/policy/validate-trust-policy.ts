/** What IAM demands of the trust policy of a role ("Roles terms and concepts", IAM User Guide). */
import { isPolicyProblem, parsePolicy, type ConditionBlock, type PrincipalElement, type Statement } from './document.ts'
import { isServicePrincipal } from './element-rules.ts'
import { malformed, syntaxErrors, type PolicyFault } from './policy-fault.ts'
import { hasUntypedPrincipal, isJson } from './principal-text.ts'

/**
 * Why IAM refuses `text` as a trust policy, or undefined. `known` are the principals of kind AWS that exist, as the text names
 * them (stored-principals.ts). Its size is looked at elsewhere (policy-size.ts).
 */
export function validateTrustPolicy(text: string, known: { has(given: string): boolean }): PolicyFault | undefined {
  if (!isJson(text)) return malformed('This policy contains invalid Json')
  const document = parsePolicy(text)
  if (isPolicyProblem(document)) {
    return document.problem === 'Allow with NotPrincipal'
      ? malformed('Allow with NotPrincipal is not allowed.')
      : syntaxErrors
  }
  if (document.statements.length === 0) return malformed('Could not parse the policy: Statement is empty!')
  if (hasUntypedPrincipal(text)) return malformed('AssumeRolepolicy contained an invalid principal: "STAR":"*".')
  const seen = new Set<string>()
  for (const statement of document.statements) {
    const fault = refuseStatement(statement, known)
    if (fault !== undefined) return fault
    const { sid } = statement
    if (sid === undefined || sid === '') continue
    if (seen.has(sid)) return malformed('The Statement Ids in the policy are not unique')
    seen.add(sid)
  }
  return undefined
}

function refuseStatement(statement: Statement, known: { has(given: string): boolean }): PolicyFault | undefined {
  const { principal, actions, notActions } = statement
  if (statement.notPrincipal !== undefined) {
    return malformed('AssumeRole policy must not contain NotPrincipal field.')
  }
  if (principal === undefined) return malformed('Missing required field Principal')
  const stranger = refusePrincipal(principal, known)
  if (stranger !== undefined) return stranger
  const named = actions ?? notActions
  if (named === undefined) return malformed('Missing required field Action')
  if (!named.every((action) => stsAction.test(action))) {
    return malformed('AssumeRole policy may only specify STS AssumeRole actions.')
  }
  if (statement.resources !== undefined) return malformed('Has prohibited field Resource')
  if (statement.notResources !== undefined) return malformed('AssumeRole policy must not contain resources.')
  return statement.effect === 'Allow' ? refuseSharedIssuers(principal, statement.conditions) : undefined
}

const stsAction = /^[sS][tT][sS]:[A-Za-z*?]+$/

function refusePrincipal(
  { any, aws, service, federated }: PrincipalElement,
  known: { has(given: string): boolean },
): PolicyFault | undefined {
  if (!any && aws.length + service.length + federated.length === 0) {
    return malformed('Missing required field Principal cannot be empty!')
  }
  const unknown = aws.find((given) => !known.has(given))
  if (unknown !== undefined) return malformed(`Invalid principal in policy: "AWS":"${unknown}"`)
  const strange = service.find((name) => !isServicePrincipal(name))
  if (strange !== undefined) return malformed(`Invalid principal in policy: "SERVICE":"${strange}"`)
  return federated.every((name) => provider.test(name) || domain.test(name))
    ? undefined
    : malformed('Federated principals must be valid domain names or SAML metadata ARNs')
}

const provider = /^arn:aws[a-z-]*:iam::[0-9]{12}:(?:oidc-provider|saml-provider)\/([\u0021-\u007e]{1,255})$/
const domain = /^[a-zA-Z0-9-]{1,63}(?:\.[a-zA-Z0-9-]{1,63}){1,20}$/

/**
 * Identity providers whose issuer all their customers share, with the claim, or the condition key, that tells the customers
 * apart ("Identity-provider controls for shared OIDC providers", IAM User Guide). Who trusts one of them without it trusts
 * strangers.
 */
const sharedIssuers: ReadonlyMap<string, string> = new Map([
  ...[
    ['token.actions.githubusercontent.com', 'sub'],
    ['vstoken.actions.githubusercontent.com', 'sub'],
    ['oidc-configuration.audit-log.githubusercontent.com', 'sub'],
    ['gitlab.com', 'sub'],
    ['agent.buildkite.com', 'sub'],
    ['app.terraform.io', 'sub'],
    ['oidc.codefresh.io', 'sub'],
    ['studio.datachain.ai/api', 'sub'],
    ['scalr.io', 'sub'],
    ['tokens.cloud.shisho.dev', 'sub'],
    ['proidc.upbound.io', 'sub'],
    ['api.pulumi.com/oidc', 'aud'],
    ['sandboxes.cloud', 'aud'],
    ['oidc.vercel.com', 'aud'],
    ['cognito-identity.amazonaws.com', 'aud'],
  ].map(([issuer = '', claim = '']) => [issuer, `${issuer}:${claim}`] as const),
  ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d', 'sts:rolesessionname'] as const,
])

// AWS publishes the rule, not the wording.
function refuseSharedIssuers(
  { federated }: PrincipalElement,
  conditions: readonly ConditionBlock[],
): PolicyFault | undefined {
  for (const name of federated) {
    const issuer = (provider.exec(name)?.[1] ?? name).toLowerCase()
    const key = sharedIssuers.get(issuer)
    if (key !== undefined && !conditions.some((condition) => narrows(condition, key))) {
      return malformed(
        `The trust policy must restrict ${key} in a condition: the provider ${issuer} is shared by many.`,
      )
    }
  }
  return undefined
}

/** Whether `condition` demands a value of `key` that isn't made of wildcards alone. */
function narrows({ operator, key, values }: ConditionBlock, wanted: string): boolean {
  return (
    key.toLowerCase() === wanted &&
    operator.family === 'string' &&
    !operator.negated &&
    !operator.ifExists &&
    operator.set !== 'ForAllValues' &&
    values.length > 0 &&
    values.every((value) => !/^[*?]*$/.test(value))
  )
}
