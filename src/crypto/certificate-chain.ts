/** The certification path of an attestation document (RFC 5280 section 6.1), without revocation, which AWS's process leaves out. */
import { verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Certificate } from './certificate.ts'

/** The longest chain, root and signer included. The hypervisor's have five. */
export const longestChain = 8

export type ChainFault = 'certificate not valid at this time' | 'chain broken'

/** When certificates have to be valid, epoch milliseconds. */
export interface ChainTimes {
  /** When the document says that it was made. */
  readonly signed: number
  readonly now: number
}

/**
 * Undefined when `chain`, which begins with a root that the caller trusts and ends with the signer, leads from the one to the
 * other. What costs nothing is looked at first, and signatures from the root downwards, so that a stranger can make us verify
 * one at most.
 */
export async function chainFault(chain: readonly Certificate[], times: ChainTimes): Promise<ChainFault | undefined> {
  const [root] = chain
  if (root === undefined) return 'chain broken'
  if (!chain.every((certificate) => isValid(certificate, times))) return 'certificate not valid at this time'
  if (chain.length < 2 || chain.length > longestChain || !hangsTogether(chain)) return 'chain broken'
  let issuer = root
  for (const certificate of chain.slice(1)) {
    if (!(await isSignedBy(issuer.publicKey, certificate.body, certificate.signature, 'der'))) return 'chain broken'
    issuer = certificate
  }
  return undefined
}

// A clock of ours that is behind must not refuse what was issued a moment ago: the document's own time, which is signed and
// close to ours, stands for it.
function isValid({ notBefore, notAfter }: Certificate, { signed, now }: ChainTimes): boolean {
  return notBefore <= signed && signed <= notAfter && now <= notAfter
}

/** Whether each certificate may have issued the next, signatures aside, and none is there twice. */
function hangsTogether(chain: readonly Certificate[]): boolean {
  const last = chain.length - 1
  if (new Set(chain.map(({ body }) => body.toString('latin1'))).size <= last) return false
  return chain.every(({ authority, mayCertify, maySign, subject }, index) => {
    if (index === last) return authority === undefined && maySign && !mayCertify
    // Between it and the signer.
    const below = last - index - 1
    const next = chain[index + 1]
    return (
      authority !== undefined && below <= authority.pathLength && mayCertify && next?.issuer.equals(subject) === true
    )
  })
}

/** Whether the owner of `key` signed `data` by ECDSA with SHA-384. On another thread: with P-384 it takes a millisecond or more. */
export function isSignedBy(
  key: KeyObject,
  data: Buffer,
  signature: Buffer,
  dsaEncoding: 'der' | 'ieee-p1363',
): Promise<boolean> {
  return new Promise((resolve) => {
    verify('sha384', data, { key, dsaEncoding }, signature, (error, valid) => resolve(error === null && valid))
  })
}
