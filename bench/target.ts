import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from './client.ts'
import type { Target } from './measure.ts'
import type { SigningIdentity } from './signer.ts'
import { createSigner } from './signer.ts'
import type { Fixture } from './workload.ts'
import { createKeys, sealCiphertexts } from './workload.ts'

/** How much a fixture holds. */
export interface FixtureSize {
  readonly keys: number
  readonly ciphertexts: number
  readonly connections: number
}

/** The access key in AWS shared-credentials text (its first profile), for `region`. Throws when there is none. */
export function parseCredentials(text: string, region: string): SigningIdentity {
  const value = (name: string): string => {
    const found = new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`the credentials file has no ${name}`)
    return found
  }
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key'), region }
}

/** The access key that the service wrote into its data directory at its first start. */
export function readCredentials(dataDir: string): SigningIdentity {
  return parseCredentials(readFileSync(join(dataDir, 'credentials'), 'utf8'), 'us-east-1')
}

/** What a peer is sent, which reads no signature. */
export const dummyIdentity: SigningIdentity = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}

/** A target at `url`. Without a fixture of an earlier start it creates keys and ciphertexts of `size`. The caller closes its client. */
export async function createTarget(
  name: string,
  server: { readonly url: string; readonly pid: number | undefined },
  identity: SigningIdentity,
  size: FixtureSize,
  existing?: Fixture,
): Promise<Target> {
  const sign = createSigner(identity, new URL(server.url).host)
  const client = createClient(server.url, sign, size.connections)
  try {
    const fixture = existing ?? (await createFixture())
    return { name, url: server.url, pid: server.pid, sign, client, fixture }
  } catch (error) {
    client.close()
    throw error
  }

  async function createFixture(): Promise<Fixture> {
    const keyIds = await createKeys(client, size.keys, size.connections)
    const ciphertexts = await sealCiphertexts(client, keyIds, size.ciphertexts, size.connections)
    return { keyIds, ciphertexts }
  }
}
