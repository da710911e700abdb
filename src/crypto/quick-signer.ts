/** How a thread signs with ECDSA P-256, which it does without another thread: Node's own call, unless a quicker one is proved. */
import type { DigestScheme, DigestSigner } from './digest-signer.ts'

/** The scheme of those signatures. */
export const quickScheme = { kind: 'ecdsa', curve: 'P-256' } as const satisfies DigestScheme

/** `signer` for `quickScheme` and nothing else. */
export function forQuickScheme(signer: DigestSigner): DigestSigner {
  return { ...signer, supports: (scheme) => scheme.kind === 'ecdsa' && scheme.curve === quickScheme.curve }
}

let current: DigestSigner | undefined
let offered: (() => void) | undefined

/** The signer that this thread has proved; undefined: it uses Node's own call. The first question has an offered one made. */
export function quickSigner(): DigestSigner | undefined {
  if (current === undefined && offered !== undefined) {
    const make = offered
    offered = undefined
    make()
  }
  return current
}

/** Has `make` called when the first such signature is made: proving a signer takes time and memory that few servers need. */
export function offerQuickSigner(make: () => void): void {
  offered = make
}

/** Has this thread sign with `proved`, which supports `quickScheme`, from now on. */
export function useQuickSigner(proved: DigestSigner): void {
  current = proved
}
