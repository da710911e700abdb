/** What clients are told: the endpoint, and an AWS configuration file that names it. */
import type { Address, Settings } from '#config/settings.ts'
import type { Random } from '#ports/edge.ts'
import { writeDurably } from '#files/durable-file.ts'
import { awsConfigFile, credentialsFile, endpointFile } from './files.ts'

/** The URL of the listener itself, as the ready line shows it. */
export function listenerUrl({ host, port }: Address, tls: boolean): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The URL that clients are told: what the operator says, else the listener's, a wildcard address as loopback. */
export function clientUrl(settings: Settings, address: Address): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl
  const { host } = address
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return listenerUrl({ host: reachable, port: address.port }, settings.tls.kind !== 'off')
}

/** Writes DIR/endpoint and DIR/aws-config; `caBundle` is the private CA's certificate where there is one. */
export async function writeClientFiles(
  settings: Settings,
  url: string,
  caBundle: string | undefined,
  random: Random,
): Promise<void> {
  const bundle = caBundle === undefined ? '' : `ca_bundle = ${caBundle}\n`
  const config = `[default]\nregion = ${settings.regions[0]}\nendpoint_url = ${url}\n${bundle}`
  await writeDurably(endpointFile(settings.dataDir), Buffer.from(`${url}\n`), 0o644, random)
  await writeDurably(awsConfigFile(settings.dataDir), Buffer.from(config), 0o644, random)
}

/** How to use a new installation, line by line. */
export function howToUse(settings: Settings, url: string): readonly string[] {
  return [
    `A new installation was created in ${settings.dataDir}. Its root access key is in ${credentialsFile(settings.dataDir)}.`,
    'Try it with the AWS CLI (2.13 or 1.29 and newer):',
    `  export AWS_SHARED_CREDENTIALS_FILE=${credentialsFile(settings.dataDir)} AWS_CONFIG_FILE=${awsConfigFile(settings.dataDir)}`,
    '  aws kms create-key',
    `Older versions ignore endpoint_url and would call AWS: give them --endpoint-url ${url}`,
  ]
}
