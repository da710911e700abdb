import type { TlsMaterial } from '#ports/tls.ts'

/** TLS 1.2 and 1.3, with the hybrid post-quantum exchange first (X25519MLKEM768, RFC draft-ietf-tls-ecdhe-mlkem). */
export function tlsMaterial(cert: string, key: string): TlsMaterial {
  return {
    options: {
      cert,
      key,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
      honorCipherOrder: true,
    },
  }
}
