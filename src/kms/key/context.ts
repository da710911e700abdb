import { canonicalContext as canonicalBytes } from '#crypto/encryption-context.ts'

/**
 * The canonical bytes of an encryption context; absent and empty are equal. What the canonical form cannot frame (a key or
 * value above 65,535 bytes of UTF-8, more pairs than that, a lone surrogate) and no AWS client sends is a ValidationException.
 */
export function canonicalContext(
  context: ReadonlyMap<string, string> | undefined,
  fail: (code: 'ValidationException', message: string) => never,
): Buffer {
  return canonicalBytes(context) ?? fail('ValidationException', 'EncryptionContext is not valid.')
}
