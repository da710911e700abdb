/** The real clock and random source: the only place where time and randomness come from. */
import { generateKeyPair, randomFillSync } from 'node:crypto'
import { promisify } from 'node:util'
import type { RequestId } from '#base/brand.ts'
import { secretMemory } from '#base/secret-memory.ts'
import { nilUuid, putOctet } from '#base/uuid-text.ts'
import type { KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import type { Clock, Random } from '#ports/edge.ts'

const countAt = BigInt64Array.BYTES_PER_ELEMENT

/** How far a test profile has moved the clock, milliseconds, and how often, in memory that all threads share. */
export function allocateClockOffset(): SharedArrayBuffer {
  return new SharedArrayBuffer(countAt + Int32Array.BYTES_PER_ELEMENT)
}

export function systemClock(offset: SharedArrayBuffer): Clock {
  const moved = new BigInt64Array(offset, 0, 1)
  const count = new Int32Array(offset, countAt, 1)
  let known = 0
  let by = 0
  return {
    now: () => {
      // Outside of tests it never moves, and every request would make a bigint to learn that.
      const current = Atomics.load(count, 0)
      if (current !== known) {
        known = current
        by = Number(Atomics.load(moved, 0))
      }
      return Date.now() + by
    },
    machineNow: () => Date.now(),
  }
}

/** Moves the clock of all threads that share `offset` forward by `milliseconds`. */
export function advanceClock(offset: SharedArrayBuffer, milliseconds: number): void {
  Atomics.add(new BigInt64Array(offset, 0, 1), 0, BigInt(Math.round(milliseconds)))
  Atomics.add(new Int32Array(offset, countAt, 1), 0, 1)
}

const poolSize = 8192

/**
 * OpenSSL's generator through a pool: one call of it costs as much as forty answers from the pool. Bytes that were given out
 * are overwritten in the pool at once, so a later reader of this memory finds no key that is in use; those of ids, which
 * everybody may know, stay until the pool is filled again.
 */
export function systemRandom(): Random {
  const pool = Buffer.alloc(poolSize)
  let used = poolSize

  function take(size: number): number {
    if (used + size > poolSize) {
      randomFillSync(pool)
      used = 0
    }
    const start = used
    used += size
    return start
  }

  function fill(target: Buffer): void {
    if (target.length > poolSize / 8) {
      randomFillSync(target)
      return
    }
    const start = take(target.length)
    // Loops: so few bytes are copied and overwritten faster than calls into the runtime are made.
    for (let at = 0; at < target.length; at += 1) {
      target[at] = pool[start + at] ?? 0
      pool[start + at] = 0
    }
  }

  // Requests that come together share the millisecond, and its text.
  let lastMs = -1
  const requestText = Buffer.from(nilUuid, 'latin1')
  const eventText = Buffer.from(nilUuid, 'latin1')

  /** Puts the octets of `text` from number `first` on, with their version; answers all of it. */
  function uuidText(text: Buffer, at: number, first: number, version: number): string {
    for (let octet = first; octet < 16; octet += 1) {
      let byte = pool[at + octet - first] ?? 0
      // RFC 9562 section 4: the version in octet 6, the variant 10 in octet 8.
      if (octet === 6) byte = (byte & 0x0f) | (version << 4)
      else if (octet === 8) byte = (byte & 0x3f) | 0x80
      putOctet(text, octet, byte)
    }
    return text.toString('latin1')
  }

  return {
    bytes: (size) => {
      const target = secretMemory(size)
      fill(target)
      return target
    },
    fill,
    uuid: () => uuidText(eventText, take(16), 0, 4),
    requestId: (machineMs) => {
      if (machineMs !== lastMs) {
        lastMs = machineMs
        const digits = machineMs.toString(16).padStart(12, '0')
        requestText.write(`${digits.slice(0, 8)}-${digits.slice(8)}`, 'latin1')
      }
      // Built here and nowhere else: 48 bits of time, version 7, 74 random bits (RFC 9562 section 5.7).
      return uuidText(requestText, take(10), 6, 7) as RequestId
    },
  }
}

const newKeyPair = promisify(generateKeyPair)

/** Key pairs from OpenSSL's generator, made on the thread pool. */
export async function systemKeyPairs(request: KeyPairRequest): Promise<KeyPair> {
  switch (request.type) {
    case 'rsa':
      return await newKeyPair('rsa', request)
    case 'ec':
      return await newKeyPair('ec', request)
    case 'ed25519':
      return await newKeyPair('ed25519', {})
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return await newKeyPair(request.type, {})
    case 'ml-kem-512':
    case 'ml-kem-768':
    case 'ml-kem-1024':
      return await newKeyPair(request.type, {})
  }
}
