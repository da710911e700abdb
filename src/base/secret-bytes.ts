import { inspect } from 'node:util'
import { wipe } from './secret-memory.ts'

/**
 * Bytes that must not be seen: they print as `[secret]`, do not serialize, and are read only through
 * `insecureSecretAccess`, so that one search finds every place that touches them (the idea of tink's secretdata). The
 * holder owns the buffer; `destroy` overwrites it.
 */
export class SecretBytes {
  readonly #bytes: Buffer

  /** Takes ownership of `bytes`: the caller must not use or keep them. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Size in bytes. */
  get length(): number {
    return this.#bytes.length
  }

  /** The bytes themselves, not a copy. Do not keep them longer than the SecretBytes lives. */
  insecureSecretAccess(): Buffer {
    return this.#bytes
  }

  /** Overwrites the bytes with zeros. */
  destroy(): void {
    wipe(this.#bytes)
  }

  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [inspect.custom](): string {
    return '[secret]'
  }
}
