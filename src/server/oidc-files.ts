/** The files that settings name for OIDC issuers, read once, before anything is served. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigError } from '#config/config-error.ts'
import { flagOf, options } from '#config/options.ts'
import type { OidcSettings } from '#config/settings.ts'
import { fileReason } from '#files/file-reason.ts'
import { parseKeySet } from '#oidc/documents.ts'

/** What workers are given of them. */
export interface OidcFiles {
  /** Certificates (PEM) to trust beside those of Node.js. */
  readonly ca: string | undefined
  /** JWKS documents by issuer URL. */
  readonly keys: readonly { readonly issuer: string; readonly document: string }[]
}

/** Throws ConfigError for a file that can't be used. */
export function readOidcFiles({ caFile, keyFiles }: OidcSettings): OidcFiles {
  return {
    ca: caFile === undefined ? undefined : certificates(caFile),
    keys: keyFiles.map(({ issuer, file }) => ({ issuer, document: keySet(issuer, file) })),
  }
}

function certificates(file: string): string {
  const flag = `${flagOf(options.oidcCaFile)} ${file}`
  const text = read(file, flag)
  try {
    new X509Certificate(text)
  } catch {
    throw new ConfigError([`${flag}: the file holds no certificate in PEM format`])
  }
  return text
}

function keySet(issuer: string, file: string): string {
  const flag = `${flagOf(options.oidcKeys)} ${issuer}=${file}`
  const text = read(file, flag)
  if ((keysIn(text)?.keys.length ?? 0) === 0) {
    throw new ConfigError([`${flag}: the file is no JSON Web Key Set with public keys, {"keys": [...]}`])
  }
  return text
}

/** The public keys of a JWKS document, or undefined when it is none. */
export function keysIn(document: string): ReturnType<typeof parseKeySet> {
  let value: unknown
  try {
    value = JSON.parse(document)
  } catch {
    return undefined
  }
  return parseKeySet(value)
}

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${flag}: the file can't be read: ${fileReason(error)}`])
  }
}
