/** Microseconds of one encryption and decryption under a warm KMS key, nonce included: what Encrypt and Decrypt add to a request. */
import { randomFillSync } from 'node:crypto'
import { parseKeyId } from '#base/brand.ts'
import { acceleratePrimitives } from '../../src/server/accelerate.ts'
import { blobMaterial, openBlob, parseBlobHeader, sealBlob } from '#crypto/ciphertext-blob.ts'
import { canonicalContext } from '#crypto/encryption-context.ts'
import { keyMaterialId } from '#crypto/material-id.ts'

const rounds = 9
const calls = 10_000

/** The best of some rounds, because the other work of the machine only ever adds. */
function measure(name: string, call: () => unknown): void {
  let best = Infinity
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint()
    for (let count = 0; count < calls; count += 1) call()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls / 1000)
  }
  console.log(`${name.padEnd(52)} ${best.toFixed(2).padStart(7)} us`)
}

if (process.argv.includes('--portable')) console.log('by Node itself')
else
  console.log(
    (await acceleratePrimitives()) ? 'by OpenSSL directly' : 'by Node itself, for OpenSSL can not be called directly',
  )

const keyId = parseKeyId('1234abcd-12ab-34cd-56ef-1234567890ab')
if (keyId === undefined) throw new TypeError('not a key id')
const bytes = randomFillSync(Buffer.alloc(32))
const material = blobMaterial(bytes, keyId, keyMaterialId(bytes, keyId))
const nonce = Buffer.alloc(24)
const pairs = new Map([
  ['department', 'finance'],
  ['purpose', 'quarterly-report'],
])
const contexts = { 'no context': canonicalContext(undefined), 'two pairs': canonicalContext(pairs) }

measure('canonical context, none', () => canonicalContext(undefined))
measure('canonical context, one ASCII pair', () => canonicalContext(new Map([['purpose', 'test']])))
measure('canonical context, two ASCII pairs', () => canonicalContext(pairs))
measure('canonical context, one pair with an umlaut', () => canonicalContext(new Map([['purpose', 'Prüfung']])))
for (const size of [32, 256, 4096]) {
  const plaintext = randomFillSync(Buffer.alloc(size))
  for (const [name, context] of Object.entries(contexts)) {
    if (context === undefined) throw new TypeError('not a context')
    const blob = sealBlob(material, randomFillSync(nonce), plaintext, context)
    measure(`encrypt ${size} bytes, ${name}`, () => sealBlob(material, randomFillSync(nonce), plaintext, context))
    measure(`decrypt ${size} bytes, ${name}`, () => openBlob(material, blob, context))
  }
}
const blob = sealBlob(material, nonce, bytes, Buffer.alloc(2))
measure('read a blob header', () => parseBlobHeader(blob))
