/** Roles that belong to a service, as a target: there are none. */
import { iamArn, partitionOf } from '#base/arn.ts'
import { callersAccount, iamTarget, type IamAction } from './target.ts'

export const serviceLinkedRole = (action: IamAction) =>
  iamTarget(action, async ({ AWSServiceName }: { readonly AWSServiceName: string }, facts, ports) => {
    const account = await callersAccount(facts, ports)
    const path = `/aws-service-role/${AWSServiceName}/`
    return { account, arn: iamArn(partitionOf(facts.region), account.account, 'role', path, '*') }
  })
