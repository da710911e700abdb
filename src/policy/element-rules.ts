/** What single elements of a statement must look like ("IAM JSON policy elements reference", IAM User Guide). */

const actionName = /^[A-Za-z0-9*?_-]*$/
const vendorName = /^[A-Za-z0-9.-]+$/

/** What is wrong with an Action, in IAM's words; undefined: nothing. */
export function actionProblem(action: string): string | undefined {
  if (action === '*') return undefined
  const [vendor = '', name, more] = action.split(':', 3)
  if (name === undefined) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
  if (more !== undefined) return 'Actions/Condition can contain only one colon.'
  if (vendor !== '*' && !vendorName.test(vendor)) return `Vendor ${vendor} is not valid`
  // No action has other characters: what only looks like one is refused before somebody relies on it. Our own words.
  return actionName.test(name) ? undefined : `Action ${action} is not valid`
}

const partition = /^(?:\*|aws(?:-[a-z]+)*)$/
// What a resource of IAM may begin with; there is nothing else to name.
const iamPaths = [
  ...['user/', 'federated-user/', 'role/', 'group/', 'instance-profile/', 'mfa/', 'server-certificate/', 'policy/'],
  ...['sms-mfa/', 'saml-provider/', 'oidc-provider/', 'report/', 'access-report/'],
]

/**
 * What is wrong with a Resource of an identity policy, in IAM's words; undefined: nothing. IAM fills in what an ARN lacks at
 * its end; such a one is refused here, since it would match nothing, even where it is to deny.
 */
export function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined
  const parts = resource.split(':')
  const [scheme, of = '', service = '', region = ''] = parts
  if (scheme !== 'arn' || parts.length < 2) return `Resource ${resource} must be in ARN format or "*".`
  if (!partition.test(of)) {
    const rest = [2, 3, 4].map((at) => parts[at] ?? '*')
    return `Partition "${of}" is not valid for resource "arn:${[of, ...rest, parts.slice(5).join(':') || '*'].join(':')}".`
  }
  if (!vendorName.test(service)) return 'Resource vendor must be fully qualified and cannot contain regexes.'
  if (parts.length < 6) return `Resource ${resource} must be in ARN format or "*".`
  if (service !== 'iam') return undefined
  if (region !== '') return `IAM resource ${resource} cannot contain region information.`
  const path = parts.slice(5).join(':')
  if (path === '*' || iamPaths.some((beginning) => path.startsWith(beginning))) return undefined
  return `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`
}

// Service principals ("AWS service principals", IAM User Guide): lower case, and in China with a suffix.
const serviceName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/

/** Whether `name` is formed like a service principal; what isn't served here stays without effect. */
export function isServicePrincipal(name: string): boolean {
  return name.length <= 128 && serviceName.test(name)
}
