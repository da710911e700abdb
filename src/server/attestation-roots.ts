/** The roots of attestation chains that settings name, read once, before anything is served. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigError } from '#config/config-error.ts'
import { flagOf, options } from '#config/options.ts'
import type { AttestationSettings } from '#config/settings.ts'
import { largestCertificate } from '#crypto/attestation-document.ts'
import { readCertificate } from '#crypto/certificate.ts'
import { nitroRoot } from '#crypto/nitro-root.ts'
import { fileReason } from '#files/file-reason.ts'

/** AWS's root and those in the files, DER. Throws ConfigError for a file that can't be used. */
export function readAttestationRoots({ rootFiles }: AttestationSettings): readonly Uint8Array[] {
  return [nitroRoot, ...rootFiles.flatMap(rootsIn)]
}

function rootsIn(file: string): readonly Uint8Array[] {
  const flag = `${flagOf(options.attestationRoots)} ${file}`
  const blocks = textOf(file, flag).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new ConfigError([`${flag}: the file holds no certificate in PEM format`])
  return blocks.map((block, index) => {
    const which = blocks.length === 1 ? 'the certificate' : `certificate ${index + 1} of ${blocks.length}`
    const der = bytesOf(block)
    if (der === undefined) throw new ConfigError([`${flag}: ${which} is damaged; put the PEM file there again`])
    const problem = problemOf(der)
    if (problem !== undefined) throw new ConfigError([`${flag}: ${which} can't be a root of attestation: ${problem}`])
    return der
  })
}

function textOf(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${flag}: the file can't be read: ${fileReason(error)}`])
  }
}

function bytesOf(pem: string): Buffer | undefined {
  try {
    return new X509Certificate(pem).raw
  } catch {
    return undefined
  }
}

/** Why no chain can begin with the certificate. */
function problemOf(der: Buffer): string | undefined {
  if (der.length > largestCertificate) return `it has more than ${largestCertificate} bytes, which no document can hold`
  const certificate = readCertificate(der)
  if (certificate === undefined) return 'it must have a P-384 key and be signed by ECDSA with SHA-384'
  if (certificate.authority === undefined || !certificate.mayCertify) {
    return 'it must be one of an authority: basic constraints with CA, and key usage with keyCertSign'
  }
  return undefined
}
