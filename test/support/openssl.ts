/** What `openssl` on this machine says of something. */
import { spawnSync } from 'node:child_process'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const lacksOpenssl =
  spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0 ? false : 'needs openssl: apt-get install openssl'

/** The content of a CMS EnvelopedData, opened by `openssl cms -decrypt` with `key`. Throws when it does not open. */
export function openEnvelope(envelope: Uint8Array, key: KeyObject): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'trent-cms-'))
  try {
    const [envelopeFile, keyFile] = [join(folder, 'envelope'), join(folder, 'key')]
    writeFileSync(envelopeFile, envelope)
    writeFileSync(keyFile, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const args = ['cms', '-decrypt', '-inform', 'DER', '-in', envelopeFile, '-inkey', keyFile, '-binary']
    const { status, stdout, stderr } = spawnSync('openssl', args)
    if (status !== 0) throw new Error(`openssl does not open it: ${stderr.toString('utf8')}`)
    return stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
