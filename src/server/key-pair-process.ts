/** RSA key pairs from a process of their own, which gives way to everything else and can be ended at any moment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyPair } from '#crypto/key-pair.ts'
import { giveWay } from './idle-priority.ts'

// In a thread it could be neither slowed down nor ended: whoever exits waits for OpenSSL to find its primes. It is told a size in
// bits by four bytes, and answers with the length of a private key in as many, and the key.
const script = `
  const { generateKeyPairSync } = require('node:crypto')
  const { readSync, writeFileSync } = require('node:fs')
  const number = Buffer.alloc(4)
  while (readSync(0, number) === number.length) {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: number.readUInt32BE(),
      publicExponent: 65537,
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      publicKeyEncoding: { format: 'der', type: 'spki' },
    })
    number.writeUInt32BE(privateKey.length)
    writeFileSync(1, number)
    writeFileSync(1, privateKey)
    privateKey.fill(0)
  }`

/** A process that makes RSA key pairs with the exponent 65537, one at a time. */
export interface KeyPairMaker {
  /**
   * A new pair of `modulusLength` bits. Rejects when the process can't be started, or has ended. The private key comes through a
   * pipe between the two processes and is nowhere else. Throws when another pair is being made.
   */
  make(modulusLength: number): Promise<KeyPair>
  /** Ends the process, whatever it does. */
  end(): void
}

/** Starts a process that makes key pairs until it is ended, by `end` or by `signal`. */
export function startKeyPairMaker(signal: AbortSignal): KeyPairMaker {
  const child: ChildProcess = spawn(process.execPath, ['--eval', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Nothing of the environment is its business, secrets least of all.
    env: {},
    signal,
    killSignal: 'SIGKILL',
  })
  if (child.pid !== undefined) giveWay(child.pid).catch(() => undefined)
  // It doesn't keep the thread alive that asked for it.
  child.unref()
  let received = Buffer.alloc(0)
  let making: PromiseWithResolvers<KeyPair> | undefined
  let failure: Error | undefined

  const fail = (error: Error): void => {
    failure ??= error
    making?.reject(failure)
    making = undefined
  }
  const receive = (chunk: Buffer): void => {
    const joined = Buffer.concat([received, chunk])
    for (const part of [received, chunk]) part.fill(0)
    received = joined
    if (received.length < 4 || received.length < 4 + received.readUInt32BE()) return
    try {
      const privateKey = createPrivateKey({ key: received.subarray(4), format: 'der', type: 'pkcs8' })
      making?.resolve({ privateKey, publicKey: createPublicKey(privateKey) })
      making = undefined
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      received.fill(0)
      received = Buffer.alloc(0)
    }
  }
  child.on('error', fail)
  child.on('close', (code) => {
    received.fill(0)
    fail(new Error(`the process that makes RSA keys ended with ${String(code)}`))
  })
  // Where there was no file descriptor left for it, there are no pipes: then the error that follows must find somebody listening.
  child.stdout?.on('data', receive)
  // That it has ended is told by `close`.
  child.stdin?.on('error', () => undefined)

  return {
    make: (modulusLength) => {
      if (making !== undefined) throw new Error('one key pair at a time')
      if (failure !== undefined) return Promise.reject(failure)
      making = Promise.withResolvers()
      const size = Buffer.alloc(4)
      size.writeUInt32BE(modulusLength)
      child.stdin?.write(size)
      return making.promise
    },
    end: () => {
      child.kill('SIGKILL')
    },
  }
}
