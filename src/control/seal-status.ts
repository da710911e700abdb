import { existsSync } from 'node:fs'
import type { SealType } from '#seals/descriptor.ts'
import { sameDisk } from '#seals/key-file.ts'

export interface SealIdentity {
  readonly type: SealType
  readonly generation: number
  readonly installationId: string
}

/** What an operator may know of a seal: nothing secret. */
export interface SealStatus extends SealIdentity {
  /** Undefined where the seal is no key file. */
  readonly keyFile: { readonly path: string; readonly present: boolean; readonly sameDisk: boolean } | undefined
}

/** `keyFile` is where the key file should be; undefined where the seal is another. */
export async function sealStatus(
  { type, generation, installationId }: SealIdentity,
  dataDir: string,
  keyFile: string | undefined,
): Promise<SealStatus> {
  if (keyFile === undefined) return { type, generation, installationId, keyFile: undefined }
  const present = existsSync(keyFile)
  const same = present && (await sameDisk(dataDir, keyFile))
  return { type, generation, installationId, keyFile: { path: keyFile, present, sameDisk: same } }
}
