import type { SecureContextOptions } from 'node:tls'

/** The TLS side of a listener, as plain data that can be handed to a worker thread. */
export interface TlsMaterial {
  readonly options: Pick<
    SecureContextOptions,
    'cert' | 'key' | 'minVersion' | 'maxVersion' | 'ecdhCurve' | 'honorCipherOrder'
  >
}
