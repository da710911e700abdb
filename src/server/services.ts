/** The services of the endpoint with their ports: the one list that a new service joins. */
import type { BoundService, GatewayPorts, GatewayRules } from '#gateway/bound-service.ts'
import { bindService } from '#gateway/run.ts'
import type { KmsPorts } from '#kms/operation.ts'
import { kms } from '#kms/service.ts'
import { sts } from '#sts/service.ts'

export function bindServices(ports: KmsPorts, gateway: GatewayPorts, rules: GatewayRules): readonly BoundService[] {
  return [bindService(kms, ports, gateway, rules), bindService(sts, undefined, gateway, rules)]
}

/** The names under which answers are counted: every operation, and words for requests that named none. */
export const countedOperations: readonly string[] = [
  ...Object.keys(kms.operations),
  ...Object.keys(sts.operations),
  'unknown',
  'none',
]
