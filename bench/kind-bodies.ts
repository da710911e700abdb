import { generateKeyPairSync, hash } from 'node:crypto'
import type { Client } from './client.ts'
import { textMember } from './json.ts'

/** What is signed: as long as the head of a JWT with its claims. */
export const signedMessage = Buffer.alloc(300, 'head.claims.')

const keysOfAKind = 8

/** The KMS keys of one kind, in the members of CreateKey. */
export interface KeyKind {
  readonly KeySpec: string
  readonly KeyUsage: string
}

/** Makes a few keys of a kind and answers their ids. */
export async function createKeysOf(client: Client, kind: KeyKind): Promise<readonly string[]> {
  const keyIds: string[] = []
  for (let made = 0; made < keysOfAKind; made += 1) {
    const { body } = await client.call('CreateKey', JSON.stringify(kind))
    keyIds.push(textMember(body, 'KeyMetadata', 'KeyId'))
  }
  return keyIds
}

/** A key of the list for request `index`, in turn. */
export function keyOf(keyIds: readonly string[], index: number): string {
  const keyId = keyIds[index % keyIds.length]
  if (keyId === undefined) throw new Error('no keys')
  return keyId
}

const message = signedMessage.toString('base64')
const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'der' })
  .toString('base64')

/** The bodies of requests that use a key, by what is asked for. */
export const kindBodies = {
  describe: (KeyId: string) => JSON.stringify({ KeyId }),
  sign: (KeyId: string, SigningAlgorithm: string) =>
    JSON.stringify({ KeyId, Message: message, MessageType: 'RAW', SigningAlgorithm }),
  signDigest: (KeyId: string, SigningAlgorithm: string, index: number) =>
    JSON.stringify({
      KeyId,
      Message: hash('sha256', String(index), 'base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm,
    }),
  mac: (KeyId: string) => JSON.stringify({ KeyId, Message: message, MacAlgorithm: 'HMAC_SHA_256' }),
  agree: (KeyId: string) => JSON.stringify({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: peer }),
  pair: (KeyId: string, KeyPairSpec: string) => JSON.stringify({ KeyId, KeyPairSpec }),
}
