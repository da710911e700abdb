/**
 * Policies that stand around an account or an endpoint and are evaluated as their text stands: service and resource control
 * policies, and those of endpoints. What they would pass over in silence is a problem: each is there to limit.
 */
import type { PolicyDocument, PrincipalElement } from './document.ts'

export type ControlPolicyKind = 'service control' | 'resource control' | 'endpoint'

/** Why the policy would not do what it says, in words for its author; undefined: it does. */
export function controlPolicyProblem({ statements }: PolicyDocument, kind: ControlPolicyKind): string | undefined {
  for (const [index, statement] of statements.entries()) {
    const { actions, notActions, resources, notResources, principal, notPrincipal } = statement
    const at = `Statement[${index}]`
    if ((actions ?? notActions) === undefined) return `${at} has no Action, and so no effect`
    if ((resources ?? notResources) === undefined) return `${at} has no Resource, and so no effect`
    const named = principal ?? notPrincipal
    if (kind === 'service control') {
      if (named !== undefined) return `${at} has a Principal, which has no place in a service control policy`
      continue
    }
    if (named === undefined) return `${at} has no Principal`
    const unknown = unmatched(named)
    if (unknown !== undefined) {
      return (
        `${at} names the principal ${JSON.stringify(unknown)}; name accounts or "*", and users and roles by a condition ` +
        'on aws:PrincipalArn'
      )
    }
  }
  return undefined
}

/** A principal that no caller ever is: users, roles and their sessions are known by unique ids, which this text has not. */
function unmatched({ aws }: PrincipalElement): string | undefined {
  return aws.find((name) => !asItStands.test(name))
}

const asItStands = /^(?:[0-9]{12}|arn:[^:]+:iam::[0-9]{12}:root|arn:[^:]+:sts::[0-9]{12}:federated-user\/.+)$/
