/** Keeps the search for RSA primes from taking all threads that signatures and decryptions need too. */
import type { GenerateKeyPair, KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'

/**
 * `generate` with at most `most` RSA pairs in the making at a time; further requests wait for their turn. RSA alone takes long
 * (RSA_4096 seconds), and libuv's threads, of which the process has four, are also those of RSA signatures and decryptions.
 */
export function limitedRsa(generate: GenerateKeyPair, most: number): GenerateKeyPair {
  const waiting: (() => void)[] = []
  let running = 0

  async function turn(request: KeyPairRequest): Promise<KeyPair> {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await generate(request)
    } finally {
      const next = waiting.shift()
      // The place goes to who waits longest.
      if (next === undefined) running -= 1
      else next()
    }
  }

  return (request) => (request.type === 'rsa' ? turn(request) : generate(request))
}
