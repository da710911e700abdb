/** The TLS side of a start: whatever kind the settings ask for, as material and a way to renew it. */
import { join } from 'node:path'
import type { TlsMaterial } from '#ports/tls.ts'
import type { Clock, Random } from '#ports/edge.ts'
import { authorityFile, privateCaMaterial, renewIfDue, serverNames, type ServerNaming } from './private-ca.ts'
import { tlsFromFiles } from './tls-files.ts'

export interface LoadedTls {
  readonly material: TlsMaterial
  /** The certificate that clients have to trust; undefined when an authority of the operator's choice vouches. */
  readonly caFile: string | undefined
  /** To be called about daily: what to serve with from now on, or undefined when nothing changed. Rejects with TlsError. */
  renewIfDue(): Promise<TlsMaterial | undefined>
}

/** What a start asks for. */
export interface TlsRequest extends ServerNaming {
  readonly dataDir: string
  readonly tls:
    | { readonly kind: 'off' }
    | { readonly kind: 'self-signed' }
    | { readonly kind: 'files'; readonly cert: string; readonly key: string }
}

/** Undefined when TLS is off. Throws TlsError. */
export async function loadTls(settings: TlsRequest, random: Random, clock: Clock): Promise<LoadedTls | undefined> {
  const { tls } = settings
  if (tls.kind === 'off') return undefined
  if (tls.kind === 'self-signed') {
    const directory = join(settings.dataDir, 'tls')
    const options = { directory, names: serverNames(settings), clock, random }
    const material = await privateCaMaterial(options)
    return { material, caFile: authorityFile(directory), renewIfDue: () => renewIfDue(options) }
  }
  let current = await tlsFromFiles(tls.cert, tls.key, clock.machineNow())
  return {
    material: current,
    caFile: undefined,
    renewIfDue: async () => {
      // Whoever renews certificates replaces the files.
      const next = await tlsFromFiles(tls.cert, tls.key, clock.machineNow())
      if (next.options.cert === current.options.cert && next.options.key === current.options.key) return undefined
      current = next
      return next
    },
  }
}
