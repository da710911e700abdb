/** The services of the endpoint with their ports: the one list that a new service joins. */
import type { BoundService, GatewayPorts, GatewayRules } from '#gateway/bound-service.ts'
import { deferredService } from '#gateway/deferred-service.ts'
import { bindService } from '#gateway/run.ts'
import type { IamPorts } from '#iam/operation.ts'
import { operationNames, protocol } from '#iam/operation-names.ts'
import type { KmsPorts } from '#kms/operation.ts'
import { kms } from '#kms/service.ts'
import type { StsPorts } from '#sts/operation.ts'
import { sts } from '#sts/service.ts'

/** What each service works with. */
export interface ServicePorts {
  readonly kms: KmsPorts
  readonly iam: IamPorts
  readonly sts: StsPorts
}

export function bindServices(ports: ServicePorts, gateway: GatewayPorts, rules: GatewayRules): readonly BoundService[] {
  return [
    bindService(kms, ports.kms, gateway, rules),
    bindService(sts, ports.sts, gateway, rules),
    deferredService({ name: 'iam', protocol, operations: operationNames }, gateway.failures, async () => {
      const { iam } = await import('#iam/service.ts')
      return bindService(iam, ports.iam, gateway, rules)
    }),
  ]
}
