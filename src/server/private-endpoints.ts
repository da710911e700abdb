/** Private endpoints as settings name them, made ready: the address is free, the policy can be read and understood. */
import { readFileSync } from 'node:fs'
import { ConfigError } from '#config/config-error.ts'
import { flagOf, options } from '#config/options.ts'
import type { PrivateEndpointSettings, Settings } from '#config/settings.ts'
import { fileReason } from '#files/file-reason.ts'
import { compilePolicy } from '#policy/compile.ts'
import { controlPolicyProblem } from '#policy/control-policy.ts'
import type { StartedEndpoint } from './messages.ts'
import { probe } from './port-guard.ts'

/** Throws ConfigError for a policy that can't be used, ListenError for an address that is taken. */
export async function openEndpoints({ privateEndpoints }: Settings): Promise<readonly StartedEndpoint[]> {
  const opened: StartedEndpoint[] = []
  for (const endpoint of privateEndpoints) {
    const policy = policyOf(endpoint)
    opened.push({
      id: endpoint.id,
      vpc: endpoint.vpc,
      policy,
      listen: await probe(endpoint.listen, '--private-endpoint'),
    })
  }
  return opened
}

function policyOf({ id, policyFile }: PrivateEndpointSettings): string | undefined {
  if (policyFile === undefined) return undefined
  const flag = `${flagOf(options.privateEndpointPolicies)} ${id}=${policyFile}`
  let text: string
  try {
    text = readFileSync(policyFile, 'utf8')
  } catch (error) {
    throw new ConfigError([`${flag}: the file can't be read: ${fileReason(error)}`])
  }
  const { problem, document } = compilePolicy(text)
  if (problem !== undefined) throw new ConfigError([`${flag}: the policy can't be understood: ${problem}; correct it`])
  const idle = document === undefined ? undefined : controlPolicyProblem(document, 'endpoint')
  if (idle !== undefined) throw new ConfigError([`${flag}: the policy would not do what it says: ${idle}`])
  return text
}
