import { hash } from 'node:crypto'
import type { Client } from './client.ts'
import { concurrently } from './client.ts'
import { textMember } from './json.ts'

export const operations = ['GenerateDataKey', 'Encrypt', 'Decrypt', 'DescribeKey'] as const
export type Operation = (typeof operations)[number]

/** What the requests are about: key ids, and one ciphertext per sealed context (number i under `sealedContext(i)`). */
export interface Fixture {
  readonly keyIds: readonly string[]
  readonly ciphertexts: readonly string[]
}

/** The body of request number `index` of the run `label`: a context that no other request of the installation has. */
export function requestBody(operation: Operation, fixture: Fixture, label: string, index: number): string {
  const keyId = pick(fixture.keyIds, index)
  switch (operation) {
    case 'GenerateDataKey':
      return `{"KeyId":"${keyId}","KeySpec":"AES_256","EncryptionContext":${context(label, index)}}`
    case 'Encrypt':
      return `{"KeyId":"${keyId}","Plaintext":"${plaintext(index)}","EncryptionContext":${context(label, index)}}`
    case 'Decrypt': {
      const number = index % fixture.ciphertexts.length
      return `{"CiphertextBlob":"${pick(fixture.ciphertexts, number)}","EncryptionContext":${context('sealed', number)}}`
    }
    case 'DescribeKey':
      return `{"KeyId":"${keyId}"}`
  }
}

/** Creates `count` keys, `connections` at a time. */
export async function createKeys(client: Client, count: number, connections: number): Promise<string[]> {
  const keyIds: string[] = Array.from({ length: count }, () => '')
  await concurrently(count, connections, async (index) => {
    const { body } = await client.call('CreateKey', `{"Description":"bench ${index}"}`)
    keyIds[index] = textMember(body, 'KeyMetadata', 'KeyId')
  })
  return keyIds
}

/** Encrypts `count` plaintexts under distinct contexts, over all keys, and collects the ciphertexts that Decrypt is sent. */
export async function sealCiphertexts(
  client: Client,
  keyIds: readonly string[],
  count: number,
  connections: number,
): Promise<string[]> {
  const ciphertexts: string[] = Array.from({ length: count }, () => '')
  const fixture = { keyIds, ciphertexts: [] }
  await concurrently(count, connections, async (index) => {
    const { body } = await client.call('Encrypt', requestBody('Encrypt', fixture, 'sealed', index))
    ciphertexts[index] = textMember(body, 'CiphertextBlob')
  })
  return ciphertexts
}

/** How many different tenants the contexts of the requests name: tenant-0 and so on. */
export const tenants = 97

function context(label: string, index: number): string {
  return `{"tenant":"tenant-${index % tenants}","record":"${label}-${index}"}`
}

// 32 bytes, the size of the data keys that Encrypt is mostly called with.
function plaintext(index: number): string {
  return hash('sha256', String(index), 'base64')
}

function pick(list: readonly string[], index: number): string {
  const found = list[index % list.length]
  if (found === undefined) throw new Error('the fixture is empty')
  return found
}
