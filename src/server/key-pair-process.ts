/** RSA key pairs from a process of their own, which gives way to everything else and can be ended at any moment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import type { KeyPair } from '#crypto/key-pair.ts'

// In a thread it could be neither slowed down nor ended: whoever exits waits for OpenSSL to find its primes.
const script = `
  const { generateKeyPairSync } = require('node:crypto')
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: Number(process.argv[1]),
    publicExponent: 65537,
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  })
  process.stdout.write(privateKey)`

/**
 * A new RSA key pair of `modulusLength` bits with the exponent 65537. Rejects when the process can't be started, or was ended
 * by `signal`. The private key comes through a pipe between the two processes and is nowhere else.
 */
export function rsaPairAside(modulusLength: number, signal: AbortSignal): Promise<KeyPair> {
  const child: ChildProcess = spawn(process.execPath, ['--eval', script, String(modulusLength)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // Nothing of the environment is its business, secrets least of all.
    env: {},
    signal,
    killSignal: 'SIGKILL',
  })
  if (child.pid !== undefined) lowerPriority(child.pid)
  // It doesn't keep the thread alive that asked for it.
  child.unref()
  const chunks: Buffer[] = []
  // Where there was no file descriptor left for it, there is no pipe: then the error that follows must find somebody listening.
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const bytes = Buffer.concat(chunks)
      for (const chunk of chunks) chunk.fill(0)
      try {
        if (code !== 0) throw new Error(`the process that makes RSA keys ended with ${String(code)}`)
        const privateKey = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
        resolve({ privateKey, publicKey: createPublicKey(privateKey) })
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      } finally {
        bytes.fill(0)
      }
    })
  })
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended, or the system doesn't let us: then it is as important as we are.
  }
}
