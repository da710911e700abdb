/** What IAM demands of identity policies, permissions boundaries and session policies ("IAM JSON policy elements reference"). */
import { isPolicyProblem, parsePolicy, type Statement } from './document.ts'
import { actionProblem, resourceProblem } from './element-rules.ts'
import { malformed, syntaxErrors, type PolicyFault } from './policy-fault.ts'

const sid = /^[0-9A-Za-z]*$/

/**
 * Why IAM refuses `text` as an identity policy, or undefined. Its size is another matter (policy-size.ts): it depends on what
 * the policy is attached to. An Id is let pass, as AWS does although its guide says otherwise.
 */
export function validateIdentityPolicy(text: string): PolicyFault | undefined {
  const document = parsePolicy(text)
  if (isPolicyProblem(document) || document.statements.length === 0) return syntaxErrors
  if (document.version !== '2012-10-17') return malformed('Policy document must be version 2012-10-17 or greater.')
  const { statements } = document
  return refuseSids(statements) ?? refuseMissing(statements) ?? refuseForms(statements)
}

function refuseSids(statements: readonly Statement[]): PolicyFault | undefined {
  const seen = new Set<string>()
  for (const statement of statements) {
    // IAM's own members differ from those of policies that are attached to resources.
    if (statement.principal !== undefined || statement.notPrincipal !== undefined) {
      return malformed('Policy document should not specify a principal.')
    }
    const id = statement.sid ?? ''
    if (!sid.test(id)) {
      return malformed(
        'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
      )
    }
    if (id !== '' && seen.has(id)) return malformed('Statement IDs (SID) in a single policy must be unique.')
    seen.add(id)
  }
  return undefined
}

function refuseMissing(statements: readonly Statement[]): PolicyFault | undefined {
  if (statements.some(({ actions, notActions }) => (actions ?? notActions) === undefined)) {
    return malformed('Policy statement must contain actions.')
  }
  if (statements.some(({ resources, notResources }) => (resources ?? notResources) === undefined)) {
    return malformed('Policy statement must contain resources.')
  }
  return undefined
}

function refuseForms(statements: readonly Statement[]): PolicyFault | undefined {
  for (const { resources, notResources } of statements) {
    for (const resource of resources ?? notResources ?? []) {
      const problem = resourceProblem(resource)
      if (problem !== undefined) return malformed(problem)
    }
  }
  for (const { actions, notActions } of statements) {
    for (const action of actions ?? notActions ?? []) {
      const problem = actionProblem(action)
      if (problem !== undefined) return malformed(problem)
    }
  }
  return undefined
}
