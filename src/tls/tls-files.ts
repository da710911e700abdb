/** Certificate and key from files of the operator. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { tlsMaterial } from './material.ts'
import type { TlsMaterial } from '#ports/tls.ts'
import { fileReason } from '#files/file-reason.ts'
import { TlsError } from './tls-error.ts'

/**
 * The material of `--tls-cert` and `--tls-key`, checked: both parse, belong together, and the certificate is valid at `now`
 * (epoch milliseconds of the machine). Throws TlsError.
 */
export async function tlsFromFiles(certFile: string, keyFile: string, now: number): Promise<TlsMaterial> {
  const cert = await readText('the certificate', certFile)
  const key = await readText('the private key', keyFile)
  const certificate = parseCertificate(cert, certFile)
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw new TlsError(
      `the private key ${keyFile} does not belong to the certificate ${certFile}; ` +
        'name the two that were issued together (the own certificate comes first in the file, before intermediate ones)',
    )
  }
  const { validFromDate, validToDate } = certificate
  if (validToDate.getTime() <= now) {
    throw new TlsError(`the certificate ${certFile} expired on ${validToDate.toISOString()}; renew it`)
  }
  if (validFromDate.getTime() > now) {
    throw new TlsError(
      `the certificate ${certFile} is not valid before ${validFromDate.toISOString()}; check the clock of this machine`,
    )
  }
  const material = tlsMaterial(cert, key)
  try {
    createSecureContext(material.options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TlsError(`${certFile} and ${keyFile} can't be used for TLS: ${reason}`, { cause: error })
  }
  return material
}

async function readText(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new TlsError(`cannot read ${what} ${path}: ${fileReason(error)}`, { cause: error })
  }
}

function parseCertificate(text: string, path: string): X509Certificate {
  if (text.includes('-----BEGIN CERTIFICATE-----')) {
    try {
      return new X509Certificate(text)
    } catch (error) {
      throw new TlsError(`the certificate ${path} is damaged; put the PEM file there again`, { cause: error })
    }
  }
  throw new TlsError(`${path} holds no certificate; it must be PEM, with a line -----BEGIN CERTIFICATE-----`)
}

function parseKey(text: string, path: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new TlsError(`the private key ${path} is encrypted; decrypt it with: openssl pkey -in ${path} -out FILE`)
  }
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text)) {
    throw new TlsError(`${path} holds no private key; it must be PEM, with a line -----BEGIN PRIVATE KEY-----`)
  }
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw new TlsError(`the private key ${path} is damaged; put the PEM file there again`, { cause: error })
  }
}
