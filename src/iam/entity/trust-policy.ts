/** Trust policies on their way in: checked, with users and roles by unique id, as they are stored. */
import type { RequestFacts } from '#aws/operation.ts'
import { refuseTrustSize } from '#policy/policy-size.ts'
import { replacePrincipals } from '#policy/principal-text.ts'
import { storedPrincipals } from '#policy/stored-principals.ts'
import { validateTrustPolicy } from '#policy/validate-trust-policy.ts'
import type { IamPorts } from '../operation.ts'
import { refuseFault } from './inline.ts'

/** The stored form of a trust policy. Throws the refusal when IAM would not take it: operations declare its codes. */
export async function storedTrustPolicy(
  text: string,
  { region }: Pick<RequestFacts, 'region'>,
  { principals }: Pick<IamPorts, 'principals'>,
): Promise<string> {
  // Before anybody is looked up: the service model lets texts pass that are far longer.
  refuseFault(refuseTrustSize(text))
  const stored = await storedPrincipals(text, region, principals)
  refuseFault(validateTrustPolicy(text, stored))
  return replacePrincipals(text, (given) => stored.get(given))
}
